//! Admins: who may look at this node and who may change it, by key and role.
//!
//! Missing, duplicate, wrong and expired keys get the same answer after the same look-up. Answers to requests with a wrong
//! key are slowed down; those without a key are not. Without any admin keys, requests from this machine may do everything and all
//! others nothing; whether a request is from this machine is for its way in to say. Once keys are set they are needed
//! from everywhere, even if all of them have expired.

mod role;
pub mod settings;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;

use super::auth_failures::AuthFailureThrottle;
use super::keys::KeyRing;
pub use role::Role;

/// The admin keys; they can be replaced while we serve.
pub struct Admins {
    /// `None`: none are set.
    keys: Option<ArcSwap<KeyRing<Role>>>,
    auth_failures: AuthFailureThrottle,
}

/// What a request shows of its right.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The first key that it has, empty if it has none.
    pub key: &'a [u8],
    /// The request has no other key.
    pub is_alone: bool,
    /// The request comes from a process on this machine.
    pub is_local: bool,
}

/// Without the key.
impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key: _, is_alone, is_local } = self;
        f.debug_struct("Credentials").field("is_alone", is_alone).field("is_local", is_local).finish_non_exhaustive()
    }
}

/// Whom a request comes from.
#[derive(Debug, PartialEq, Eq)]
pub enum User {
    /// The holder of a key, by name.
    Admin(Arc<str>),
    /// A process on this machine, where no keys are set.
    Local,
}

/// Why a request may not do what it asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The key of the request is none of an admin's.
    Unauthorized,
    /// More wrong keys are waiting for their answer than this node keeps waiting.
    Throttled {
        /// Until those that wait have their answer.
        retry_after: Duration,
    },
    /// The role of its key does not suffice.
    RoleNeeded {
        /// The holder of the key.
        name: Arc<str>,
        /// The role that suffices.
        role: Role,
    },
    /// No keys are set, and it does not come from this machine.
    NotLocal,
}

impl Refusal {
    /// Every reason, for tables.
    pub const REASONS: [&str; 4] = ["unauthorized", "throttled", "role", "not_local"];

    /// The word for metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unauthorized => Self::REASONS[0],
            Self::Throttled { .. } => Self::REASONS[1],
            Self::RoleNeeded { .. } => Self::REASONS[2],
            Self::NotLocal => Self::REASONS[3],
        }
    }
}

impl Admins {
    /// The holders of these keys; `None`: none are set.
    pub fn new(keys: Option<KeyRing<Role>>) -> Self {
        Self { keys: keys.map(ArcSwap::from_pointee), auth_failures: AuthFailureThrottle::new() }
    }

    /// Makes these keys the only ones that hold. Has no effect where none were set at the start: then there is no file that
    /// could change.
    pub fn replace(&self, ring: KeyRing<Role>) {
        if let Some(keys) = &self.keys {
            keys.store(Arc::new(ring));
        }
    }

    /// Whom a request comes from, if it may do what needs this role. Waits before the answer to a wrong key.
    pub async fn authorize(&self, credentials: &Credentials<'_>, needed: Role) -> Result<User, Refusal> {
        let Some(keys) = &self.keys else {
            return if credentials.is_local { Ok(User::Local) } else { Err(Refusal::NotLocal) };
        };
        let found = keys.load().find(credentials.key, SystemTime::now());
        let found = found.filter(|_| credentials.is_alone);
        match found {
            Some((name, role)) if role >= needed => Ok(User::Admin(name)),
            Some((name, _)) => Err(Refusal::RoleNeeded { name, role: needed }),
            None if credentials.key.is_empty() => Err(Refusal::Unauthorized),
            None => Err(self.auth_failures.delay().await.map_or_else(throttled, |()| Refusal::Unauthorized)),
        }
    }

    /// The keys that hold now; `None`: none are set.
    pub fn keys(&self) -> Option<Arc<KeyRing<Role>>> {
        self.keys.as_ref().map(ArcSwap::load_full)
    }
}

fn throttled(retry_after: Duration) -> Refusal {
    Refusal::Throttled { retry_after }
}

#[cfg(test)]
mod tests;
