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
pub use receipt::{Failure, Receipt, SendError};

use crate::circuit::State;
use crate::message::Message;
use crate::outcome::Outcome;
use crate::shutdown::Shutdown;
use crate::upstream::Upstream;

/// When a failed attempt leads to another upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failover {
    /// Never: an error of a closed circuit is the caller's.
    Never,
    /// Where the failed attempt proves that nobody has the mail.
    Safe,
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
        while let Some(upstream) = self.next(&tour) {
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
        // Without failover the one attempt speaks for itself.
        let alone = self.settings.failover == Failover::Never && tour.has_attempts();
        let untried = self.upstreams.iter().filter(|upstream| !alone && !tour.has_tried(&upstream.name));
        let wait = untried.map(|upstream| upstream.until_next_probe().unwrap_or_default()).min();
        tour.conclude(wait)
    }

    /// Where the mail goes next. Circuits are asked anew each time: one may have closed while another was slow to fail.
    fn next(&self, tour: &receipt::Tour) -> Option<&Arc<Upstream>> {
        let order = order::order(self.settings.routing, self.upstreams.len(), |index| self.is_closed(index));
        order.into_iter().map(|index| &self.upstreams[index]).find(|upstream| !tour.has_visited(&upstream.name))
    }

    fn is_closed(&self, index: usize) -> bool {
        self.upstreams[index].circuit.snapshot().state == State::Closed
    }

    fn lets_another_try(&self, outcome: Outcome) -> bool {
        self.settings.failover == Failover::Safe && outcome.lets_another_try()
    }
}

#[cfg(test)]
mod tests;
