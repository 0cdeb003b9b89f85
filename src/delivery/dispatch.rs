//! From a message to a receipt: which upstreams, in which order, until when.
//!
//! A caller who hangs up changes nothing: the send goes on, and shutdown waits for it. One deadline covers the whole
//! request; it grows with the mail's size, and is cut to what a drain leaves. Another upstream tries only what the attempts
//! so far prove to be in nobody's hands, unless the operator would rather have two mails than none. What a mail with a key
//! came to is remembered for a while ([`answers`]).

mod answers;
mod attempt;
mod order;
mod receipt;
mod settings;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;
use tracing::{info, warn};

use answers::{Answer, Answers, Leader, Role};
pub use attempt::Attempt;
pub use order::Routing;
use order::{Standing, Turn};
pub use receipt::{Failure, Receipt, SendError};
use receipt::{Left, Tour};
pub use settings::{AllOpen, Failover, Settings, Wishes};

use crate::delivery::circuit::Override;
use crate::delivery::upstream::{LateVerdict, Upstream, on_the_way};
use crate::model::message::Message;
use crate::model::outcome::Outcome;
use crate::runtime::metrics::Metrics;
use crate::runtime::off_worker::off_worker;
use crate::runtime::shutdown::Shutdown;

/// The draw that only a circuit that takes all mail passes.
const ALL: u8 = 127;

/// How long a mail is put off that an upstream puts off for its own sake: greylisting takes minutes (RFC 6647 5).
const DEFERRED_WAIT: Duration = Duration::from_secs(60);

/// Sends messages along closed circuits.
pub struct Dispatcher {
    upstreams: Vec<Arc<Upstream>>,
    settings: Settings,
    shutdown: Shutdown,
    metrics: Arc<Metrics>,
    answers: Answers,
    turn: AtomicUsize,
}

/// How one mail goes: as far as this failover, along the upstreams of this turn, with this draw at a ramped circuit.
#[derive(Clone, Copy)]
struct Course {
    failover: Failover,
    turn: Turn,
    draw: u8,
}

/// A mail with a key that this call sends, or asks about again.
struct Keyed {
    leader: Leader,
    /// What is known of it, where it is asked about again.
    before: Option<SendError>,
    /// Hears of attempts whose end comes after the answer.
    late: LateVerdict,
}

impl Dispatcher {
    /// Over these upstreams, the preferred one first.
    pub fn new(
        upstreams: Vec<Arc<Upstream>>,
        settings: Settings,
        shutdown: Shutdown,
        metrics: Arc<Metrics>,
    ) -> Arc<Self> {
        let answers = Answers::new(settings.held_answers, Arc::clone(&metrics));
        Arc::new(Self { upstreams, settings, shutdown, metrics, answers, turn: AtomicUsize::new(0) })
    }

    /// Sends one message, come what may to whoever waits for the receipt. What is `held` for it is given back when it
    /// has its answer.
    pub async fn send(
        self: &Arc<Self>,
        message: Message,
        wishes: Wishes,
        held: impl Send + 'static,
    ) -> Result<Receipt, SendError> {
        let course = self.course(wishes);
        let Some(key) = wishes.key else { return self.depart(message, course, None, held).await };
        // Its id is a digest of all of it.
        let message = off_worker(message.size(), || message.identified_by(&key));
        let id = message.id();
        let may_ask_again = |error: &SendError| course.failover > Failover::Never && self.asked_again(error).is_some();
        let (leader, before) = match self.answers.join(key, id, may_ask_again) {
            Role::Leader(leader) => (leader, None),
            Role::Again(leader, before) => (leader, Some(before)),
            Role::Follower(follower) => {
                // Many may wait, and must hold neither a mail nor what is held for one.
                drop((message, held));
                self.metrics.coalesced();
                info!(%id, "a repeat waits for the first");
                return follower.answer().await;
            }
            Role::Held(answer) => {
                self.metrics.replayed();
                info!(%id, "a repeat hears the answer that is held");
                return replayed(answer);
            }
            Role::Reused => return Err(SendError::new(id, Failure::KeyReused, Vec::new())),
        };
        let late = leader.late();
        self.depart(message, course, Some(Keyed { leader, before, late }), held).await
    }

    /// The upstream that may have a mail, takes a mail once, and still knows it.
    fn asked_again(&self, error: &SendError) -> Option<&Arc<Upstream>> {
        let knows = |attempt: &Attempt| {
            let upstream = self.upstreams.iter().find(|upstream| upstream.name == attempt.upstream)?;
            (attempt.was_silent() && upstream.takes_once(attempt.at.elapsed())).then_some(upstream)
        };
        // What it has said since then counts as well.
        let silent = error.attempts.iter().all(|attempt| !attempt.is_unknown() || attempt.was_silent());
        error.attempts.iter().filter(|_| silent).find_map(knows)
    }

    /// A repeat goes the same way as the first, on every node; any other mail takes its turn.
    fn course(&self, wishes: Wishes) -> Course {
        let failover = wishes.failover.map_or(self.settings.failover, |asked| asked.min(self.settings.failover));
        match wishes.key.map(|key| key.number()) {
            Some(number) => Course { failover, turn: Turn::Of(number), draw: 1 + (number >> 32) as u8 % ALL },
            None => {
                let next = self.turn.fetch_add(1, Ordering::Relaxed);
                Course { failover, turn: Turn::Next(next), draw: fastrand::u8(1..=ALL) }
            }
        }
    }

    /// Sends it, come what may, and tells everybody who waits.
    async fn depart(
        self: &Arc<Self>,
        message: Message,
        course: Course,
        keyed: Option<Keyed>,
        held: impl Send + 'static,
    ) -> Result<Receipt, SendError> {
        let id = message.id();
        let dispatcher = Arc::clone(self);
        let work = async move {
            // Caught here, where somebody is left to tell of it though the caller has gone.
            let run = AssertUnwindSafe(dispatcher.go(&message, course, keyed.as_ref())).catch_unwind();
            let answer = run.await.unwrap_or_else(|_| Err(answers::panicked(id)));
            if keyed.as_ref().is_none_or(|keyed| keyed.before.is_none()) {
                dispatcher.tell(&answer);
            }
            let answer = match keyed {
                Some(keyed) => keyed.leader.finish(answer),
                None => answer,
            };
            drop((message, held));
            answer
        };
        self.shutdown.finish(work).await
    }

    /// If nobody knows whether a provider has the mail, the operator is told so too.
    fn tell(&self, answer: &Answer) {
        if let Some(SendError { id, .. }) = answer.as_ref().err().filter(|error| error.failure.is_unknown()) {
            self.metrics.unknown();
            warn!(%id, "nobody knows whether a provider has this mail: look the id up there");
        }
    }

    /// Sends it, or asks about it again.
    async fn go(&self, message: &Message, course: Course, keyed: Option<&Keyed>) -> Answer {
        let deadline = Instant::now() + self.settings.request_deadline + on_the_way(message.size());
        let late = keyed.map(|keyed| &keyed.late);
        let call = attempt::Call { message, deadline, shutdown: &self.shutdown, late };
        match keyed.and_then(|keyed| keyed.before.as_ref()) {
            Some(before) => self.ask_again(&call, before).await,
            None => self.run(&call, course).await,
        }
    }

    /// Asks about a mail where it may be, and nowhere else. Only an acceptance brings clarity: a refusal of this call says
    /// nothing of an earlier one, so then the answer is that of the earlier one.
    async fn ask_again(&self, call: &attempt::Call<'_>, before: &SendError) -> Answer {
        let Some(upstream) = self.asked_again(before) else { return Err(before.clone()) };
        match attempt::again(upstream, call).await {
            Some(attempt) if attempt.verdict.outcome == Outcome::Accepted => {
                let attempts = before.attempts.iter().cloned().chain([attempt]).collect();
                Ok(Receipt::new(before.id, attempts))
            }
            _ => Err(before.clone()),
        }
    }

    /// Offers it to one upstream after the other.
    async fn run(&self, call: &attempt::Call<'_>, course: Course) -> Answer {
        let message = call.message;
        let mut tour = Tour::new(message.id());
        let shut = self.upstreams.iter().filter(|upstream| standing(upstream, course.draw) == Standing::Shut);
        shut.for_each(|upstream| upstream.metrics.circuit_rejected(&upstream.name));
        while let Some(upstream) = self.next(&tour, course) {
            tour.visit(&upstream.name, attempt::attempt(upstream, call).await);
            // Its provider takes a mail once, so asking there again can only bring clarity.
            if course.failover > Failover::Never
                && upstream.takes_once(Duration::ZERO)
                && tour.was_silent_at(&upstream.name)
            {
                tour.visit(&upstream.name, attempt::again(upstream, call).await);
            }
            if !tour.goes_on(course.failover) {
                break;
            }
        }
        self.conclude(tour, message, course.failover)
    }

    /// The answer, and how long to wait where somebody may take the mail later.
    fn conclude(&self, mut tour: Tour, message: &Message, failover: Failover) -> Result<Receipt, SendError> {
        if tour.goes_on(failover) {
            self.pass_over(&mut tour, message);
        }
        let untried = |upstream: &&Arc<Upstream>| !tour.has_tried(&upstream.name);
        // Without failover the one attempt speaks for itself.
        let left = match self.upstreams.iter().find(untried) {
            None => Left::Nobody,
            Some(_) if failover > Failover::Never || !tour.was_handed_over() => Left::Later,
            Some(_) if self.upstreams.iter().filter(untried).any(|upstream| takes(upstream, message)) => Left::Unasked,
            Some(_) => Left::Nobody,
        };
        let hopeful = |upstream: &&Arc<Upstream>| untried(upstream) || tour.was_put_off(&upstream.name);
        let wait = self.upstreams.iter().filter(hopeful).filter_map(|upstream| upstream.until_usable()).min();
        // A recipient or a sender that is put off is so for a while, though its upstream takes other mail at once.
        let wait = if tour.was_deferred() { wait.map(|wait| wait.max(DEFERRED_WAIT)) } else { wait };
        // Only an operator can end the wait for circuits that are forced open: nobody knows when.
        let unknown = || self.upstreams.iter().map(|upstream| upstream.settings.first_wait).min();
        tour.conclude(left, wait.or_else(unknown).unwrap_or_default())
    }

    /// An upstream whose circuit is not closed gives no hope if it would not take this mail anyway.
    fn pass_over(&self, tour: &mut Tour, message: &Message) {
        for upstream in &self.upstreams {
            if !tour.has_tried(&upstream.name) {
                tour.visit(&upstream.name, attempt::skip(upstream, message));
            }
        }
    }

    /// Where the mail goes next. Circuits are asked anew each time: one may have closed while another was slow to fail.
    fn next(&self, tour: &Tour, course: Course) -> Option<&Arc<Upstream>> {
        let standings: Vec<_> = self.upstreams.iter().map(|upstream| standing(upstream, course.draw)).collect();
        let order = order::order(self.settings.routing, course.turn, &standings);
        order.into_iter().map(|index| &self.upstreams[index]).find(|upstream| !tour.has_visited(&upstream.name))
    }

    /// Is no circuit usable, and is this what the operator wants to be done about it?
    pub fn is_down(&self, wanted: AllOpen) -> bool {
        // A node that starts with a probe must not end before its first answer.
        let may_start = |upstream: &Upstream| wanted == AllOpen::Exit && upstream.is_undecided();
        self.settings.all_open == wanted
            && !self.upstreams.iter().any(|upstream| upstream.circuit.snapshot().admits() || may_start(upstream))
    }
}

/// The answer of an earlier call.
fn replayed(answer: Answer) -> Answer {
    match answer {
        Ok(receipt) => Ok(Receipt { replayed: true, ..receipt }),
        Err(error) => Err(SendError { replayed: true, ..error }),
    }
}

/// Would it take this mail now?
fn takes(upstream: &Upstream, message: &Message) -> bool {
    upstream.circuit.snapshot().admits() && upstream.objection(message).is_none()
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
