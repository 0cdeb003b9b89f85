//! Callers: who holds an API key, and the limits of each of them.
//!
//! Missing, wrong and expired keys are told apart by nothing: they get the same answer after the same work. Answers to
//! wrong keys are slowed down, and only those: a right key is always served, whatever else comes from its address.

mod auth_failures;
mod limits;
mod policy;
mod rate_limiter;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use super::keys::KeyRing;
use super::refusal::Refusal;
use auth_failures::AuthFailureThrottle;
pub use limits::CallerLimits;
pub use policy::CallerPolicy;
pub use rate_limiter::Rate;

/// All callers; their keys can be replaced while we serve.
pub struct Callers {
    holders: RwLock<Arc<Holders>>,
    policies: HashMap<String, CallerPolicy>,
    default_policy: CallerPolicy,
    auth_failures: AuthFailureThrottle,
}

struct Holders {
    ring: KeyRing,
    limits: HashMap<Arc<str>, Arc<CallerLimits>>,
}

/// The holder of a key.
pub struct Caller {
    /// Unique among callers.
    pub name: Arc<str>,
    /// Shared by all requests of this caller.
    pub limits: Arc<CallerLimits>,
}

impl Callers {
    /// The holders of these keys; callers without a policy of their own have the default one.
    pub fn new(ring: KeyRing, policies: HashMap<String, CallerPolicy>, default_policy: CallerPolicy) -> Self {
        let holders = RwLock::new(Arc::new(Holders { ring: KeyRing::default(), limits: HashMap::new() }));
        let callers = Self { holders, policies, default_policy, auth_failures: AuthFailureThrottle::new() };
        callers.replace(ring);
        callers
    }

    /// Makes these keys the only ones that hold. A caller that stays keeps what it has used of its limits.
    pub fn replace(&self, ring: KeyRing) {
        let before = self.holders();
        let limits = |name: &Arc<str>| match before.limits.get(name) {
            Some(limits) => Arc::clone(limits),
            None => Arc::new(CallerLimits::new(self.policies.get(&**name).unwrap_or(&self.default_policy))),
        };
        let limits = ring.callers().map(|name| (Arc::clone(name), limits(name))).collect();
        *self.holders.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Holders { ring, limits });
    }

    fn holders(&self) -> Arc<Holders> {
        Arc::clone(&self.holders.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The caller that holds this key, if the key is good now.
    pub fn find(&self, key: &[u8]) -> Option<Caller> {
        let holders = self.holders();
        let name = holders.ring.holder(key, SystemTime::now())?;
        let limits = holders.limits.get(name)?;
        Some(Caller { name: Arc::clone(name), limits: Arc::clone(limits) })
    }

    /// Waits until the answer to a wrong key may be sent, or refuses to wait.
    pub async fn delay_auth_failure(&self) -> Result<(), Refusal> {
        self.auth_failures.delay().await
    }
}
