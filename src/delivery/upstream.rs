//! One configured provider account: its adapter, its circuit, its limits, its history.
//!
//! Real mail and probes both go through here, so that every call is bounded in time, a panic of an adapter is a verdict like
//! any other, and every transition of the circuit is published once, by the method that caused it. Deliberately absent: the
//! choice between upstreams, and when to probe. No lock is taken on the way of a mail.

mod call;
mod concurrency;
mod ended;
#[cfg(test)]
pub(crate) mod fixture;
pub mod global;
mod held_senders;
pub mod history;
mod last_minute;
pub mod limits;
mod offer;
pub mod quota;
mod schedule;
mod settings;
mod settling;
mod time_out;
mod tokens;
mod transitions;
mod unlisted;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::delivery::circuit::{Circuit, TransitionReason};
use crate::delivery::provider::Provider;
use crate::model::left_out::LeftOut;
use crate::model::message::Message;
use crate::model::outcome::Outcome;
use crate::model::skip::SkipReason;
use crate::runtime::metrics::{Metrics, UpstreamMetrics, UpstreamWords};
use concurrency::ConcurrencyLimit;
pub use concurrency::ConcurrencyPermit;
pub use ended::Ended;
use held_senders::HeldSenders;
use history::{CircuitHistory, Events};
use last_minute::LastMinute;
pub use offer::{LateVerdict, Offer};
use quota::Quota;
pub use settings::{Probe, Server, Settings, is_timed, transfer_time};

use unlisted::Unlisted;

/// One configured provider account.
pub struct Upstream {
    name: Arc<str>,
    kind: &'static str,
    settings: Settings,
    provider: Box<dyn Provider>,
    circuit: Circuit,
    concurrency: ConcurrencyLimit,
    quota: Option<Quota>,
    last_minute: LastMinute,
    held_senders: HeldSenders,
    unlisted: Unlisted,
    metrics: UpstreamMetrics,
    events: Events,
    history: watch::Sender<CircuitHistory>,
    /// When the supervisor was last seen, in the circuit's time.
    heartbeat: AtomicU64,
    /// Could no connection be made for the last call?
    unreachable: AtomicBool,
    /// The beginning of the circuit's time.
    epoch: Instant,
}

impl Upstream {
    /// With its circuit as its settings start it; transitions go to `events`.
    pub fn new(
        name: String,
        kind: &'static str,
        provider: Box<dyn Provider>,
        settings: Settings,
        metrics: &Metrics,
        events: Events,
    ) -> Self {
        let epoch = Instant::now();
        let circuit = Circuit::new(settings.circuit);
        let words = UpstreamWords {
            outcomes: &Outcome::ALL.map(Outcome::as_str),
            skips: &SkipReason::COUNTED.map(SkipReason::as_str),
            transitions: &TransitionReason::ALL.map(TransitionReason::as_str),
        };
        Self {
            metrics: metrics.upstream(&name, &words),
            name: name.into(),
            kind,
            provider,
            circuit,
            concurrency: ConcurrencyLimit::new(settings.concurrency),
            quota: Quota::new(&settings.quota),
            last_minute: LastMinute::default(),
            held_senders: HeldSenders::new(settings.sender_hold),
            settings,
            unlisted: Unlisted::default(),
            events,
            history: watch::Sender::new(CircuitHistory::new(epoch)),
            heartbeat: AtomicU64::new(0),
            unreachable: AtomicBool::new(false),
            epoch,
        }
    }

    /// As in `SMSP_PROVIDERS`.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The kind of its provider.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Where its provider is; `None`: it is on this machine.
    pub fn server(&self) -> Option<&Server> {
        self.settings.server.as_ref()
    }

    /// The limits of this upstream.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Why this mail is not offered to it, whatever its circuit and its rates: what an attempt would come to is known
    /// beforehand.
    pub fn leaves_out(&self, message: &Message) -> Option<LeftOut> {
        if !self.settings.may_send_for(message) {
            return Some(LeftOut::SenderNotAllowed);
        }
        if let Some(reason) = self.settings.capabilities.unsupported(message) {
            return Some(LeftOut::NotCapable(reason));
        }
        self.held_senders.holds(message.from().address()).then_some(LeftOut::SenderHeld)
    }

    /// Would it be offered this mail now, as far as can be read without a lock or a place of its own?
    pub fn is_ready_for(&self, message: &Message) -> bool {
        self.concurrency.has_room() && self.takes_now(message)
    }

    /// Do its circuit, its rates and what is known of this mail let it be handed over now? A limit on mails in flight may yet
    /// keep it away.
    pub fn takes_now(&self, message: &Message) -> bool {
        self.snapshot().admits() && self.leaves_out(message).is_none() && !self.is_spent()
    }

    /// Lets one mail more be in flight here; `None`: as many are as may be.
    pub fn concurrency_permit(&self) -> Option<ConcurrencyPermit<'_>> {
        self.concurrency.try_acquire()
    }

    /// How many mails are in flight here.
    pub fn in_flight(&self) -> usize {
        self.concurrency.in_flight()
    }

    /// How many mails were handed to it in the last minute; a repeat is none.
    pub fn mails_of_last_minute(&self) -> u64 {
        self.last_minute.mails(self.now())
    }

    /// Does its provider take a mail once, however often it gets it under the same id, so long after the first time?
    pub fn takes_once(&self, after: Duration) -> bool {
        self.takes_once_for().is_some_and(|window| after < window)
    }

    /// For how long after the first time it takes a mail once; `None`: it may send each copy.
    pub fn takes_once_for(&self) -> Option<Duration> {
        self.settings.capabilities.idempotency_window
    }

    /// The field at the provider, and its value, by which this mail can be looked up there.
    pub fn lookup(&self, message: &Message) -> (&'static str, String) {
        self.settings.capabilities.lookup.of(message)
    }

    /// The domains with From addresses that it is not offered for now, and for how much longer.
    pub fn held_senders(&self) -> Vec<(String, Duration)> {
        self.held_senders.list()
    }

    /// Counts one mail that was not handed to it.
    pub fn count_skip(&self, reason: SkipReason) {
        self.metrics.skipped(reason.as_str());
    }

    /// Counts one mail that would have come to it next and found its circuit not closed.
    pub fn count_rejection(&self) {
        self.metrics.circuit_rejected();
    }
}
