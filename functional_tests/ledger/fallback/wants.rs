//! What a caller asks for its mail, in every call of it.

use super::super::record::Failover;
use super::super::scenario::Scenario;
use super::super::{later_repeats, mail};

/// One of so many callers is stricter than the operator about other upstreams.
const STRICT: usize = 8;

/// What the mail with one number is called with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wants {
    pub(super) number: usize,
    pub(super) keyed: bool,
    /// It is not to be queued.
    pub(super) never_queued: bool,
    /// It is to be queued at once.
    pub(super) at_once: bool,
    pub(super) failover: Failover,
}

impl Wants {
    /// As the seed says.
    pub(super) fn of(number: usize, scenario: &Scenario) -> Self {
        let rng = scenario.rng;
        let strict = rng.below("strict", number, STRICT) == 0;
        Self {
            number,
            keyed: rng.below("keyed", number, 4) > 0,
            never_queued: rng.below("never queued", number, 6) == 0,
            at_once: rng.below("at once", number, 6) == 0,
            failover: if strict { Failover::Never } else { scenario.failover },
        }
    }

    /// The whole call.
    pub(super) fn request(&self, scenario: &Scenario) -> String {
        let key = format!("key-{}", self.number);
        let headers = [
            (self.keyed, (later_repeats::KEY, key.as_str())),
            (self.never_queued, ("x-smsp-fallback", "never")),
            (self.at_once, ("prefer", "respond-async")),
            (self.failover != scenario.failover, ("x-smsp-failover", self.failover.word())),
        ];
        let headers: Vec<_> = headers.into_iter().filter(|(is_sent, _)| *is_sent).map(|(_, header)| header).collect();
        mail::request(self.number, scenario, &headers)
    }

    /// Is it queued at once? Who refuses it for one mail is heard first.
    pub(super) fn is_queued_at_once(&self) -> bool {
        self.at_once && !self.never_queued
    }
}
