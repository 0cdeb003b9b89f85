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
        for index in order::order(self.settings.routing, self.upstreams.len(), |index| self.is_closed(index)) {
            let upstream = &self.upstreams[index];
            let Some(time) = upstream.time_for(message, deadline.saturating_duration_since(Instant::now())) else {
                tour.out_of_time();
                continue;
            };
            let Some(attempt) = attempt::attempt(upstream, message, time).await else { continue };
            let goes_on = self.lets_another_try(attempt.verdict.outcome);
            tour.add(attempt);
            if !goes_on {
                break;
            }
        }
        let untried = self.upstreams.iter().filter(|upstream| !tour.has_tried(&upstream.name));
        let next_probe = untried.filter_map(|upstream| upstream.until_next_probe()).min();
        // Without failover the one attempt speaks for itself.
        let alone = self.settings.failover == Failover::Never && !tour.is_empty();
        tour.conclude(next_probe.filter(|_| !alone))
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
