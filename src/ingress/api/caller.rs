//! Who calls: the holder of an API key, within the terms that hold for that caller.
//!
//! Missing, doubled, wrong and expired keys get the same answer after the same work. A key in the query is not read.
//! Answers to wrong keys are slowed down, and only those: a right key is always served, whoever else shares its
//! address.

mod guesses;
mod pace;
mod standing;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::SystemTime;

use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::request::Parts;
use tracing::Span;

use super::Door;
use super::problem::{Kind, Problem};
use crate::runtime::secret::KeyRing;
use guesses::Guesses;
pub use pace::Rate;
use standing::Standing;
pub use standing::Terms;

pub(super) const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Everybody who may call; keys can be exchanged while we serve.
pub struct Callers {
    holders: RwLock<Arc<Holders>>,
    /// Of callers by name, and of everybody else.
    terms: (HashMap<String, Terms>, Terms),
    guesses: Guesses,
}

struct Holders {
    ring: KeyRing,
    standings: HashMap<Arc<str>, Arc<Standing>>,
}

impl Callers {
    /// The holders of these keys; whoever has no terms by name has the `common` ones.
    pub fn new(ring: KeyRing, by_name: HashMap<String, Terms>, common: Terms) -> Self {
        let none = Holders { ring: KeyRing::default(), standings: HashMap::new() };
        let callers = Self { holders: RwLock::new(Arc::new(none)), terms: (by_name, common), guesses: Guesses::new() };
        callers.replace(ring);
        callers
    }

    /// From now on these keys hold, and no others. A caller who stays keeps what he has used of his quota.
    pub fn replace(&self, ring: KeyRing) {
        let before = self.holders();
        let standing = |name: &Arc<str>| match before.standings.get(name) {
            Some(standing) => Arc::clone(standing),
            None => Arc::new(Standing::new(self.terms.0.get(&**name).unwrap_or(&self.terms.1))),
        };
        let standings = ring.callers().map(|name| (Arc::clone(name), standing(name))).collect();
        *self.holders.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Holders { ring, standings });
    }

    fn holders(&self) -> Arc<Holders> {
        Arc::clone(&self.holders.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn find(&self, key: &[u8]) -> Option<Caller> {
        let holders = self.holders();
        let name = holders.ring.holder(key, SystemTime::now())?;
        let standing = holders.standings.get(name)?;
        Some(Caller { name: Arc::clone(name), standing: Arc::clone(standing) })
    }
}

/// Who holds the key of a request.
pub(super) struct Caller {
    /// Nobody else has it.
    pub(super) name: Arc<str>,
    /// What holds for it.
    pub(super) standing: Arc<Standing>,
}

/// Where the outermost layer learns who called.
#[derive(Clone, Default)]
pub(super) struct Seen(pub(super) Arc<OnceLock<Arc<str>>>);

impl FromRequestParts<Door> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Problem> {
        let mut keys = parts.headers.get_all(X_API_KEY).iter();
        let key = keys.next().map_or(&b""[..], |key| key.as_bytes());
        let found = door.callers.find(key);
        let Some(caller) = found.filter(|_| keys.next().is_none()) else {
            if !key.is_empty() {
                door.callers.guesses.delay().await?;
            }
            return Err(Problem::new(
                Kind::Unauthorized,
                "Send the API key of this service, once, as the header X-API-KEY.",
            ));
        };
        Span::current().record("caller", &*caller.name);
        if let Some(Seen(seen)) = parts.extensions.get() {
            // A request has one caller.
            let _ = seen.set(Arc::clone(&caller.name));
        }
        caller.standing.call()?;
        Ok(caller)
    }
}
