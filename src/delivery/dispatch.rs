//! From a submission to its answer: which upstreams, in which order, until when.
//!
//! One deadline covers the whole request; it grows with the mail's size, and is cut to what a drain leaves. Another
//! upstream tries only where the attempts so far prove that no provider has the mail, unless the operator would rather
//! have two mails than none. A panic is an answer like any other.
//!
//! Deliberately absent: keys and held answers (`service/submit`), and tasks. The work is done where its future is polled;
//! the listener polls it to the end though the client has hung up.

mod adaptive;
mod attempt;
mod attempt_log;
mod attempt_spans;
mod candidates;
mod explain;
mod explanation;
mod capacity;
mod direct;
mod eligible;
#[cfg(test)]
pub(crate) mod fixture;
mod journal;
mod later;
mod neighbours;
mod policy;
mod rejections;
mod room;
mod route;
mod run;
pub mod settings;
mod skips;
mod turns;

use std::panic::AssertUnwindSafe;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::FutureExt;
use tokio::time::Instant;
use tracing::warn;

use adaptive::Adaptive;
use attempt::Call;
use candidates::Candidates;
pub use eligible::Eligible;
pub use explanation::{ExplainedPlace, Explanation};
pub use journal::{Journal, NotMarked, Target};
use neighbours::Neighbours;
use policy::SendPolicy;
pub use room::{Changes, Room};
use route::{Route, Routes};
use run::Run;
pub use settings::{AllOpen, Settings};

use crate::delivery::routing::Candidate;
use crate::delivery::routing::rules::{Rule, Rules};
use crate::delivery::upstream::{LateVerdict, Upstream, transfer_time};
use crate::model::message::{Id, Message};
use crate::model::outcome::Outcome;
use crate::model::receipt::{Answer, Attempt, Failure, Receipt, SendError, by_rule};
use crate::model::submission::{Failover, SendOptions, Submission};
use crate::runtime::metrics::Metrics;
use crate::runtime::shutdown::Shutdown;

/// For all attempts with a mail for which nobody waits: as good as none, since each attempt has a limit of its own.
const UNAWAITED: Duration = Duration::from_secs(24 * 3600);

/// Sends messages along closed circuits.
pub struct Dispatcher {
    upstreams: Vec<Arc<Upstream>>,
    /// Each upstream as it was configured.
    candidates: Vec<Candidate>,
    adaptive: Option<Adaptive>,
    settings: Settings,
    routes: ArcSwap<Routes>,
    /// See [`Dispatcher::tells_late`].
    tells_late: bool,
    shutdown: Shutdown,
    metrics: Arc<Metrics>,
}

impl Dispatcher {
    /// Over these upstreams, the preferred one first.
    pub fn new(
        upstreams: Vec<Arc<Upstream>>,
        settings: Settings,
        rules: Rules,
        shutdown: Shutdown,
        metrics: Arc<Metrics>,
    ) -> Arc<Self> {
        let candidates = upstreams.iter().enumerate().map(|(index, upstream)| policy::candidate(index, upstream));
        let candidates: Vec<_> = candidates.collect();
        let adaptive = Adaptive::new(settings.routing, &candidates);
        let routes = ArcSwap::from_pointee(Routes::new(rules, &upstreams, &metrics));
        let tells_late = !upstreams.iter().all(|upstream| upstream.server().is_some_and(|server| server.is_http));
        Arc::new(Self { upstreams, candidates, adaptive, settings, routes, tells_late, shutdown, metrics })
    }

    /// Can the verdict on an attempt come after its end? Only of a relay: an answer over HTTP that comes too late is not read.
    pub fn tells_late(&self) -> bool {
        self.tells_late
    }

    /// Makes these the only rules; mails under way keep theirs. Turns begin anew.
    pub fn replace_rules(&self, rules: Rules) {
        self.routes.store(Arc::new(Routes::new(rules, &self.upstreams, &self.metrics)));
    }

    /// Sends one message, and somebody waits for it. `late` is called for attempts whose verdict comes after the answer.
    pub fn send(&self, submission: &Submission, late: Option<&LateVerdict>) -> impl Future<Output = Answer> {
        self.run(submission, (), late)
    }

    async fn run<J: Journal>(&self, submission: &Submission, journal: J, late: Option<&LateVerdict>) -> Answer {
        let Submission { message, options, .. } = submission;
        let route = Route::new(self.routes.load_full(), submission);
        let rule = route.rule().map(Rule::name);
        let neighbours = Some(Neighbours::new(&self.upstreams, &route));
        let call = Call { neighbours, rule: rule.map(|rule| &**rule), ..self.call(message, journal, late) };
        let policy = SendPolicy::new(*options, &self.settings, &route);
        let (upstreams, adaptive) = (&*self.upstreams, self.adaptive.as_ref());
        let candidates = Candidates { upstreams, configured: &self.candidates, adaptive, route: &route };
        if candidates.are_none() && route.is_direct() {
            return by_rule(Err(SendError::new(message.id(), Failure::OutboxAlone, Vec::new())), rule);
        }
        let run = Run::new(candidates, &call, policy);
        let answer = or_panicked(message.id(), run.finish()).await;
        let answer = by_rule(answer, rule);
        attempt_spans::record(&self.upstreams, &answer);
        self.report_unknown(submission, &answer);
        answer
    }

    /// Asks about a mail where it may be, and nowhere else. Only an acceptance brings clarity: a refusal of this call says
    /// nothing of the earlier one, so then the answer is that of the earlier one.
    pub async fn ask_again(&self, submission: &Submission, before: &SendError, late: Option<&LateVerdict>) -> Answer {
        let Some(upstream) = self.knows_mail_of(before) else { return Err(before.clone()) };
        let call = Call { rule: before.rule.as_deref(), ..self.call(&submission.message, (), late) };
        let asking = async {
            let repeated = attempt::repeat(upstream, &call).await;
            if let Ok(Ok(attempt)) = &repeated {
                attempt_spans::record_attempts(&self.upstreams, slice::from_ref(attempt));
            }
            match repeated {
                Ok(Ok(attempt)) if attempt.verdict.outcome == Outcome::Accepted => {
                    let attempts = before.attempts.iter().cloned().chain([attempt]).collect();
                    by_rule(Ok(Receipt::new(before.id, attempts)), before.rule.as_ref())
                }
                _ => Err(before.clone()),
            }
        };
        or_panicked(before.id, asking).await
    }

    /// How long it may take to send this message where somebody waits for the answer, or to ask about it again.
    pub fn lasts(&self, message: &Message) -> Duration {
        self.settings.request_deadline.saturating_add(transfer_time(message.size()))
    }

    /// Can asking again bring clarity about a mail that ended so, without the danger of a second one?
    pub fn can_ask_again(&self, options: SendOptions, error: &SendError) -> bool {
        policy::failover(options, &self.settings) > Failover::Never && self.knows_mail_of(error).is_some()
    }

    /// The upstream that may have a mail, takes a mail once, and still knows it. An upstream whose last answer was clear,
    /// if only that the mail is a duplicate, would say the same again.
    fn knows_mail_of(&self, error: &SendError) -> Option<&Upstream> {
        let all_silent = error.attempts.iter().all(|attempt| !attempt.is_unknown() || attempt.was_silent());
        let knows = |attempt: &Attempt| {
            let upstream = self.upstreams.iter().find(|upstream| *upstream.name() == attempt.upstream)?;
            let since = Instant::now().into_std().saturating_duration_since(attempt.ended_at);
            (attempt.was_silent() && upstream.takes_once(since)).then_some(&**upstream)
        };
        error.attempts.iter().filter(|_| all_silent).find_map(knows)
    }

    fn call<'a, J: Journal>(&'a self, message: &'a Message, journal: J, late: Option<&'a LateVerdict>) -> Call<'a, J> {
        let time =
            if journal.drain().is_none() { self.lasts(message) } else { UNAWAITED + transfer_time(message.size()) };
        let deadline = Instant::now() + time;
        Call { message, journal, neighbours: None, deadline, shutdown: &self.shutdown, late, rule: None }
    }

    /// Tells the operator of a mail of which it is unknown whether a provider has it.
    fn report_unknown(&self, submission: &Submission, answer: &Answer) {
        if let Some(error) = answer.as_ref().err().filter(|error| error.failure.is_unknown()) {
            let id = error.id;
            self.metrics.mails.unknown();
            let caller = submission.caller.as_str();
            let upstream = asked_last(error);
            warn!(upstream, %id, caller, "it is unknown whether a provider has this mail: look the id up there");
        }
    }

    /// Is no circuit usable, and is this what the operator wants to be done about it?
    pub fn is_down(&self, wanted: AllOpen) -> bool {
        // A node that starts with a probe must not end before its first answer.
        let may_start = |upstream: &Upstream| wanted == AllOpen::Exit && upstream.is_undecided();
        self.settings.all_open == wanted
            // A node without providers has no circuit that could open.
            && !self.upstreams.is_empty()
            && !self.upstreams.iter().any(|upstream| upstream.snapshot().admits() || may_start(upstream))
    }
}

/// The upstream that was asked last, of those that may have the mail; none after a panic.
fn asked_last(error: &SendError) -> Option<&str> {
    error.attempts.iter().rev().find(|attempt| attempt.is_unknown()).map(|attempt| &*attempt.upstream)
}

/// What the work comes to; a panic is caught here, where the mail's id is known.
// Not an `async fn`: its future would hold the work twice, as argument and as what it awaits.
fn or_panicked(id: Id, work: impl Future<Output = Answer>) -> impl Future<Output = Answer> {
    AssertUnwindSafe(work).catch_unwind().map(move |answer| answer.unwrap_or_else(|_| Err(SendError::panicked(id))))
}

#[cfg(test)]
mod tests;
