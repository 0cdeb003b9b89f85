//! An upstream for the tests of other modules: its circuit starts closed, and its provider accepts everything.

use std::sync::Arc;
use std::time::Duration;

use super::history::Events;
use super::{Ended, Probe, Settings, Upstream, quota};
use crate::delivery::circuit;
use crate::delivery::provider::{Call, Capabilities, Delivery, Provider};
use crate::model::outcome::{Outcome, Reason, Verdict};
use crate::runtime::metrics::Metrics;

struct Accepting;

impl Provider for Accepting {
    fn send<'a>(&'a self, _: Delivery<'a>) -> Call<'a> {
        Box::pin(async { Verdict::new(Outcome::Accepted, Reason::Mock) })
    }
}

/// One failure opens the circuit; a probe may take 10 s, everything else 1 s.
pub(super) fn settings() -> Settings {
    let second = Duration::from_secs(1);
    let circuit = circuit::Settings {
        consecutive_failures: 1,
        probes_to_close: 1,
        rates: None,
        ramps: false,
        start_closed: true,
        shards: 1,
    };
    Settings {
        server: None,
        capabilities: Capabilities::ANY,
        attempt_timeout: second,
        connect_timeout: second,
        probe_timeout: second * 10,
        probe: Probe::Auto,
        first_wait: second,
        slow_call: None,
        account_hold: second,
        from_domains: None,
        sender_hold: second,
        concurrency: 100,
        quota: quota::Settings::NONE,
        weight: 1,
        floor: 0,
        ramp: second,
        circuit,
    }
}

/// The end of a first call that took no time, where nobody else is ready.
pub(crate) fn ended(verdict: &Verdict) -> Ended<'_> {
    Ended { verdict, took: Duration::ZERO, is_repeat: false, has_alternative: false }
}

/// An upstream of this name, with [`settings`].
pub(crate) fn accepting(name: &str) -> Arc<Upstream> {
    let metrics = Metrics::default();
    Arc::new(Upstream::new(name.to_owned(), "mock", Box::new(Accepting), settings(), &metrics, Events::new(1)))
}
