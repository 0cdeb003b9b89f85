//! Callers: who holds an API key, and the limits of each of them.
//!
//! Missing, wrong and expired keys are told apart by nothing: they get the same answer after the same work. Answers to
//! wrong keys are slowed down, and only those: a right key is always served, whatever else comes from its address.

mod limits;
pub mod settings;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::SystemTime;

use arc_swap::ArcSwap;

use super::auth_failures::AuthFailureThrottle;
use super::keys::KeyRing;
use super::refusal::Refusal;
pub use limits::{CallerLimits, OutboxShare};
pub use settings::CallerPolicy;

/// All callers; their keys can be replaced while we serve.
pub struct Callers {
    keys: ArcSwap<KeyRing<Arc<CallerLimits>>>,
    policies: HashMap<String, CallerPolicy>,
    default_policy: CallerPolicy,
    /// Is there no more than one? Its limits depend on it.
    is_one: Arc<AtomicBool>,
    auth_failures: AuthFailureThrottle,
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
        let (keys, auth_failures) = (ArcSwap::from_pointee(KeyRing::default()), AuthFailureThrottle::new());
        let callers = Self { keys, policies, default_policy, is_one: Arc::default(), auth_failures };
        callers.replace(ring);
        callers
    }

    /// Makes these keys the only ones that hold. A caller that stays keeps what it has used of its limits.
    pub fn replace(&self, ring: KeyRing) {
        let before = self.keys.load();
        let mut limits: HashMap<_, _> =
            before.holders().map(|(name, limits)| (Arc::clone(name), Arc::clone(limits))).collect();
        let ring = ring.map(|name, ()| {
            let policy = || self.policies.get(&**name).unwrap_or(&self.default_policy);
            let new = || Arc::new(CallerLimits::new(policy(), Arc::clone(&self.is_one)));
            Arc::clone(limits.entry(Arc::clone(name)).or_insert_with(new))
        });
        let first = ring.holders().next();
        self.is_one.store(ring.holders().all(|(name, _)| Some(name) == first.map(|(first, _)| first)), Relaxed);
        self.keys.store(Arc::new(ring));
    }

    /// The keys that hold now.
    pub fn keys(&self) -> Arc<KeyRing<Arc<CallerLimits>>> {
        self.keys.load_full()
    }

    /// The caller that holds this key, if the key is good now.
    pub fn find(&self, key: &[u8]) -> Option<Caller> {
        let (name, limits) = self.keys.load().find(key, SystemTime::now())?;
        Some(Caller { name, limits })
    }

    /// The caller of this name, whether or not a key of it is good now.
    pub fn named(&self, name: &str) -> Option<Caller> {
        let keys = self.keys.load();
        let (name, limits) = keys.holders().find(|(holder, _)| &***holder == name)?;
        Some(Caller { name: Arc::clone(name), limits: Arc::clone(limits) })
    }

    /// Waits until the answer to a wrong key may be sent, or refuses to wait.
    pub async fn delay_auth_failure(&self) -> Result<(), Refusal> {
        self.auth_failures.delay().await.map_err(|retry_after| Refusal::TooManyAuthFailures { retry_after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_of_the_only_caller_is_all_of_the_outbox_until_there_is_another() {
        let ring = |names: &[&str]| {
            let mut ring = KeyRing::default();
            for (number, name) in names.iter().enumerate() {
                ring.add(name, &format!("key-{number}-of-{name}"));
            }
            ring
        };
        let callers = Callers::new(ring(&["app", "app"]), HashMap::new(), CallerPolicy::default());
        let share = || callers.named("app").unwrap().limits.outbox();
        let (all, tenth) = (Some(usize::MAX), None);
        assert_eq!(share(), OutboxShare { rows: all, bytes: all }, "with two keys");
        callers.replace(ring(&["app", "shop"]));
        assert_eq!(share(), OutboxShare { rows: tenth, bytes: tenth });
        callers.replace(ring(&["app"]));
        assert_eq!(share(), OutboxShare { rows: all, bytes: all });
        let policy = CallerPolicy { outbox_rows: Some(7), ..CallerPolicy::default() };
        let callers = Callers::new(ring(&["app"]), HashMap::new(), policy);
        assert_eq!(callers.named("app").unwrap().limits.outbox(), OutboxShare { rows: Some(7), bytes: all });
    }
}
