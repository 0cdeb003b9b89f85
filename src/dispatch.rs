//! From a message to a receipt: which upstreams, in which order, until when.
//!
//! The send runs in a task of its own: a caller who hangs up changes nothing, and shutdown waits for it. One deadline
//! covers the whole request. Another upstream tries only what the last attempt proves to be in nobody's hands.

mod attempt;
mod order;
mod receipt;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument;

pub use attempt::Attempt;
pub use order::Routing;
use order::Standing;
pub use receipt::{Failure, Receipt, SendError};

use crate::circuit::Override;
use crate::message::Message;
use crate::outcome::Outcome;
use crate::shutdown::Shutdown;
use crate::upstream::Upstream;

/// The draw that only a circuit that takes all mail passes.
const ALL: u8 = 127;

/// When a failed attempt leads to another upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failover {
    /// Never: an error of a closed circuit is the caller's.
    Never,
    /// Where the failed attempt proves that nobody has the mail.
    Safe,
}

/// What this node does while no circuit is usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllOpen {
    /// Answers 503 with the time of the next probe, and stays healthy: a restart would not help.
    Serve,
    /// Says so at the health check.
    Unhealthy,
    /// Ends, for whoever wants to start it elsewhere.
    Exit,
}

/// How mails find their upstream.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// When another upstream may try.
    pub failover: Failover,
    /// Which upstream is first.
    pub routing: Routing,
    /// For the whole request.
    pub request_deadline: Duration,
    /// What happens while no circuit is usable.
    pub all_open: AllOpen,
}

/// Sends messages along closed circuits.
pub struct Dispatcher {
    upstreams: Vec<Arc<Upstream>>,
    settings: Settings,
    shutdown: Shutdown,
}

impl Dispatcher {
    /// Over these upstreams, the preferred one first.
    pub fn new(upstreams: Vec<Arc<Upstream>>, settings: Settings, shutdown: Shutdown) -> Arc<Self> {
        Arc::new(Self { upstreams, settings, shutdown })
    }

    /// Sends one message, come what may to whoever waits for the receipt.
    pub async fn send(self: &Arc<Self>, message: Message) -> Result<Receipt, SendError> {
        let id = message.id();
        let dispatcher = Arc::clone(self);
        let task = async move { dispatcher.run(&message).await };
        let joined = self.shutdown.spawn(task.in_current_span()).await;
        joined.unwrap_or(Err(SendError { id, failure: Failure::Panicked, attempts: Vec::new() }))
    }

    async fn run(&self, message: &Message) -> Result<Receipt, SendError> {
        let deadline = Instant::now() + self.settings.request_deadline;
        let mut tour = receipt::Tour::new(message.id());
        let draw = fastrand::u8(1..=ALL);
        let shut = self.upstreams.iter().filter(|upstream| standing(upstream, draw) == Standing::Shut);
        shut.for_each(|upstream| upstream.metrics.rejected(&upstream.name));
        while let Some(upstream) = self.next(&tour, draw) {
            let left = deadline.saturating_duration_since(Instant::now());
            let attempt = match upstream.time_for(message, left) {
                Some(time) => attempt::attempt(upstream, message, time).await,
                None => None,
            };
            let goes_on = attempt.as_ref().is_none_or(|attempt| self.lets_another_try(attempt.verdict.outcome));
            tour.visit(&upstream.name, attempt);
            if !goes_on {
                break;
            }
        }
        let (untried, wait) = self.outlook(&tour);
        tour.conclude(untried, wait)
    }

    /// Was an upstream left out that may take the mail later, and how long is the shortest wait?
    fn outlook(&self, tour: &receipt::Tour) -> (bool, Duration) {
        // Without failover the one attempt speaks for itself.
        let alone = self.settings.failover == Failover::Never && tour.has_attempts();
        let untried = |upstream: &&Arc<Upstream>| !alone && !tour.has_tried(&upstream.name);
        let hopeful = self.upstreams.iter().filter(|upstream| untried(upstream) || tour.was_throttled(&upstream.name));
        let wait = hopeful.filter_map(|upstream| upstream.until_usable()).min();
        // Only an operator can end the wait for circuits that are forced open: nobody knows when.
        let unknown = || self.upstreams.iter().map(|upstream| upstream.settings.first_wait).min();
        (self.upstreams.iter().any(|upstream| untried(&upstream)), wait.or_else(unknown).unwrap_or_default())
    }

    /// Where the mail goes next. Circuits are asked anew each time: one may have closed while another was slow to fail.
    fn next(&self, tour: &receipt::Tour, draw: u8) -> Option<&Arc<Upstream>> {
        let standings: Vec<_> = self.upstreams.iter().map(|upstream| standing(upstream, draw)).collect();
        let order = order::order(self.settings.routing, &standings);
        order.into_iter().map(|index| &self.upstreams[index]).find(|upstream| !tour.has_visited(&upstream.name))
    }

    /// Is no circuit usable, and is this what the operator wants to be done about it?
    pub fn is_down(&self, wanted: AllOpen) -> bool {
        // A node that starts with a probe must not end before its first answer.
        let may_start = |upstream: &Upstream| wanted == AllOpen::Exit && upstream.is_undecided();
        self.settings.all_open == wanted
            && !self.upstreams.iter().any(|upstream| upstream.circuit.snapshot().admits() || may_start(upstream))
    }

    fn lets_another_try(&self, outcome: Outcome) -> bool {
        self.settings.failover == Failover::Safe && outcome.lets_another_try()
    }
}

/// How an upstream stands for a mail with this draw, of which a ramped circuit takes only the low ones.
fn standing(upstream: &Upstream, draw: u8) -> Standing {
    let circuit = upstream.circuit.snapshot();
    if !circuit.admits() {
        Standing::Shut
    } else if circuit.overriding == Override::Auto && draw > circuit.ramp {
        Standing::Ramped
    } else {
        Standing::Ready
    }
}

#[cfg(test)]
mod tests;
