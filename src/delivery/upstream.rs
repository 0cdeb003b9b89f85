//! One configured provider account: its adapter, its circuit, its time limits, its story.
//!
//! Both who sends real mail and who sends dummies go through here, so that every call is bounded in time, a panic of
//! an adapter is a verdict like any other, and every transition is told once. Deliberately absent: the choice between
//! upstreams, and what to do about a transition.

mod senders;
mod settings;
pub mod story;
mod time_out;
mod unlisted;

use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::Instant;

use crate::delivery::circuit::{
    Circuit, Counts, News, Override, Permit, ProbePermit, Reason as Why, Settled, State, Transition,
};
use crate::delivery::provider::{Delivery, HandOver, Mode, Provider};
use crate::model::message::Message;
use crate::model::outcome::{Blame, Outcome, Reason, Verdict};
use crate::runtime::metrics::Metrics;
use senders::Senders;
pub use settings::{Probe, Settings};
use story::{Events, Story};
use unlisted::Unlisted;

/// A large mail on a slow uplink may take this much longer than a small one: bytes per second.
const UPLINK: u32 = 256 * 1024;
/// A mail above this is never a slow one: bytes.
const LARGE: usize = 128 * 1024;

/// Hears what became of an attempt at the upstream of this name after its call had ended.
pub type LateVerdict = Arc<dyn Fn(&str, &Verdict) + Send + Sync>;

/// One mail for its provider, until when.
struct Request<'a> {
    message: &'a Message,
    deadline: Instant,
    mode: Mode,
    late: Option<&'a LateVerdict>,
}

/// One configured provider account.
pub struct Upstream {
    /// As in `SMSP_PROVIDERS`.
    pub name: Arc<str>,
    /// The kind of its provider.
    pub kind: &'static str,
    /// Its breaker.
    pub circuit: Circuit,
    /// Its limits.
    pub settings: Settings,
    /// Where its attempts and probes are counted.
    pub metrics: Arc<Metrics>,
    provider: Box<dyn Provider>,
    places: Semaphore,
    senders: Senders,
    unlisted: Unlisted,
    events: Events,
    story: watch::Sender<Story>,
    heartbeat: AtomicU64,
    unreachable: AtomicBool,
    epoch: Instant,
}

impl Upstream {
    /// With its circuit as its settings start it; transitions go to `events`.
    pub fn new(
        name: String,
        kind: &'static str,
        provider: Box<dyn Provider>,
        settings: Settings,
        metrics: Arc<Metrics>,
        events: Events,
    ) -> Self {
        let epoch = Instant::now();
        Self {
            name: name.into(),
            kind,
            circuit: Circuit::new(settings.circuit),
            settings,
            metrics,
            provider,
            places: Semaphore::new(settings.concurrency),
            senders: Senders::new(settings.sender_hold),
            unlisted: Unlisted::default(),
            events,
            story: watch::Sender::new(Story::new(epoch)),
            heartbeat: AtomicU64::new(0),
            unreachable: AtomicBool::new(false),
            epoch,
        }
    }

    /// Why it would be no use to offer it this mail, if it would not.
    pub fn skip_reason(&self, message: &Message) -> Option<Verdict> {
        if let Some(lack) = self.settings.capabilities.lack(message) {
            return Some(Verdict::new(Outcome::NotCapable, lack));
        }
        let held = self.senders.holds(message.from().address());
        held.then(|| Verdict::new(Outcome::SenderRejected, Reason::SenderHeld))
    }

    /// A place for one mail more; `None`: there are as many under way here as may be.
    pub fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.places.try_acquire().ok()
    }

    /// Does its provider take a mail once, however often it gets it under the same id, so long after the first time?
    pub fn takes_once(&self, after: Duration) -> bool {
        self.settings.capabilities.once_within.is_some_and(|window| after < window)
    }

    /// The domains with From addresses that it is not offered for now, and for how much longer.
    pub fn held_senders(&self) -> Vec<(String, Duration)> {
        self.senders.list()
    }

    /// Forgets which senders it has refused.
    pub fn release_senders(&self) {
        self.senders.clear();
    }

    /// How long an attempt may take of what is `left` of the request's time. `None`: too little to prove anything.
    pub fn time_for(&self, message: &Message, left: Duration) -> Option<Duration> {
        let wanted = self.settings.attempt_timeout + on_the_way(message.size());
        (left >= self.settings.connect_timeout * 2).then(|| wanted.min(left))
    }

    /// Hands over one mail. If `cut` comes first, this node has no time left for it. What becomes known of it only after
    /// this has returned is told to `late`.
    pub async fn send(
        &self,
        message: &Message,
        time: Duration,
        mode: Mode,
        cut: impl Future<Output = ()>,
        late: Option<&LateVerdict>,
    ) -> Verdict {
        self.bounded(Request { message, deadline: Instant::now() + time, mode, late }, cut).await
    }

    /// Hands over one test message.
    pub async fn probe(&self, test_message: &Message) -> Verdict {
        let mode = match self.settings.probe {
            Probe::Auto => Mode::Probe,
            Probe::Message => Mode::First,
        };
        let deadline = Instant::now() + self.settings.probe_timeout;
        self.bounded(Request { message: test_message, deadline, mode, late: None }, pending()).await
    }

    /// What was provably not processed is handed over once more, on another connection (RFC 9113 8.7).
    async fn bounded(&self, request: Request<'_>, cut: impl Future<Output = ()>) -> Verdict {
        let (mut cut, mut is_first) = (pin!(cut), true);
        loop {
            let verdict = self.hand_over(&request, cut.as_mut()).await;
            if !verdict.was_not_processed() || !std::mem::take(&mut is_first) {
                return verdict;
            }
        }
    }

    async fn hand_over(&self, request: &Request<'_>, cut: Pin<&mut impl Future<Output = ()>>) -> Verdict {
        let &Request { message, deadline, mode, late } = request;
        let hand_over = Arc::new(HandOver::begin(
            message.size(),
            late.map(|late| {
                let (late, name) = (Arc::clone(late), Arc::clone(&self.name));
                Box::new(move |verdict: &Verdict| late(&name, verdict)) as Box<dyn Fn(&Verdict) + Send + Sync>
            }),
        ));
        let delivery = Delivery { message, mode, hand_over: Arc::clone(&hand_over) };
        // An adapter may panic before its first await, too.
        let call = AssertUnwindSafe(async { self.provider.send(delivery).await }).catch_unwind();
        tokio::select! {
            biased;
            answer = call => match answer {
                Ok(verdict) => time_out::judge_answer(&hand_over, mode, verdict),
                Err(_) => Verdict::new(Outcome::Unknown, Reason::Panic),
            },
            // First: whatever begins during a drain has no deadline but that.
            () = cut => time_out::judge_cut(&hand_over),
            moving = time_out::over(&hand_over, deadline, self.settings.connect_timeout) => time_out::judge(&hand_over, moving),
        }
    }

    /// Tells the circuit what became of a mail, and everybody what that did to the circuit.
    pub fn settle(&self, permit: Permit<'_>, message: &Message, verdict: &Verdict, took: Duration) {
        if verdict.outcome == Outcome::SenderRejected {
            self.senders.hold(message.from().address());
        }
        // How long a large mail takes says as much of the uplink.
        let slow = message.size() <= LARGE
            && self.settings.slow_call.is_some_and(|slow| took >= slow + on_the_way(message.size()));
        match permit.settle(self.news(verdict.blame(), verdict, slow, Duration::ZERO)) {
            Settled::Changed(transition) => self.publish(transition),
            Settled::Late => self.metrics.circuit_stale_result(&self.name),
            Settled::Quiet => {}
        }
    }

    /// The same of a dummy. Is its circuit still waiting for more? If no provider can be reached, the fault is on our
    /// side of the network, and the dummy says nothing about this one.
    pub fn settle_probe(&self, permit: ProbePermit<'_>, verdict: &Verdict, all_unreachable: bool) -> bool {
        let blame = if all_unreachable { Blame::Neutral } else { verdict.blame_of_probe() };
        let settled = permit.settle(self.news(blame, verdict, false, self.settings.account_hold));
        match settled {
            Settled::Changed(transition) => self.publish(transition),
            Settled::Late => self.metrics.circuit_stale_result(&self.name),
            Settled::Quiet => {}
        }
        settled == Settled::Quiet
    }

    fn news(&self, blame: Blame, verdict: &Verdict, slow: bool, account_hold: Duration) -> News {
        if self.unlisted.note(&self.name, verdict) {
            self.metrics.unlisted(&self.name);
        }
        let now = self.epoch.elapsed();
        self.unreachable.store(verdict.reason.is_unreachable(), Ordering::Release);
        let hold = match blame {
            Blame::Throttled => verdict.retry_after.unwrap_or(self.settings.first_wait),
            Blame::Account => account_hold,
            _ => Duration::ZERO,
        };
        News { blame, slow, now: millis(now), not_before: millis(now + hold), thread: thread() }
    }

    /// Tells everybody of a transition. Whoever caused it calls this, once, after the fact.
    pub fn publish(&self, transition: Transition) {
        self.metrics.transition(&self.name, transition.reason.as_str());
        story::log(&self.name, transition);
        self.story.send_if_modified(|story| story.go_on(transition, Instant::now()));
        // Nobody has to listen.
        let _ = self.events.send(story::Event { upstream: Arc::clone(&self.name), transition });
    }

    /// Opens the circuit if its window says so.
    pub fn evaluate(&self) {
        if let Some(transition) = self.circuit.evaluate(self.now()) {
            self.publish(transition);
        }
    }

    /// What has happened to its circuit; tells of changes.
    pub fn story(&self) -> watch::Receiver<Story> {
        self.story.subscribe()
    }

    /// Did its circuit start open, with no dummy judged yet?
    pub fn is_undecided(&self) -> bool {
        let undecided = [None, Some(Why::ProbeDue), Some(Why::ProbeLost)];
        !self.settings.circuit.start_closed && undecided.contains(&self.story.borrow().reason)
    }

    /// Is it shut because the last thing that was heard of it is that no connection could be made?
    pub fn is_unreachable(&self) -> bool {
        self.circuit.snapshot().state != State::Closed && self.unreachable.load(Ordering::Acquire)
    }

    /// What the window of its circuit holds now.
    pub fn counts(&self) -> Counts {
        self.circuit.counts(self.now())
    }

    /// The supervisor lives.
    pub fn beat(&self) {
        self.heartbeat.store(self.now(), Ordering::Release);
    }

    /// How long ago the supervisor was last seen.
    pub fn supervisor_age(&self) -> Duration {
        Duration::from_millis(self.now().saturating_sub(self.heartbeat.load(Ordering::Acquire)))
    }

    /// Lets the others know that the next dummy goes out after `wait`.
    pub fn schedule_probe(&self, wait: Duration) {
        self.circuit.schedule_probe(millis(self.epoch.elapsed() + wait));
    }

    /// From now until the circuit may be probed, as far as the provider or the account has a say.
    pub fn until_not_before(&self) -> Duration {
        Duration::from_millis(self.circuit.snapshot().not_before.saturating_sub(self.now()))
    }

    /// From now to the next dummy. `None`: the circuit is closed, nothing is waited for.
    pub fn until_next_probe(&self) -> Option<Duration> {
        let circuit = self.circuit.snapshot();
        let left = |at: u64| Duration::from_millis(at.saturating_sub(self.now()));
        match (circuit.state, left(circuit.next_probe.max(circuit.not_before))) {
            (State::Closed, _) => None,
            // Just opened: the supervisor has not set the next one yet.
            (State::Open, Duration::ZERO) => Some(self.settings.first_wait),
            (State::Open, wait) => Some(wait),
            (State::HalfOpen, _) => Some(left(circuit.next_probe)),
        }
    }

    /// From now until it may take mail, as far as anybody knows. `None`: an operator has forced it open.
    pub fn until_usable(&self) -> Option<Duration> {
        let forced = self.circuit.snapshot().overriding == Override::Open;
        (!forced).then(|| self.until_next_probe().unwrap_or_default())
    }

    /// Milliseconds since this upstream began: the circuit's time.
    fn now(&self) -> u64 {
        millis(self.epoch.elapsed())
    }
}

/// The time that a large mail may need on a slow uplink, beside what any mail may: neither its attempt nor its provider is
/// slow for that.
pub fn on_the_way(bytes: usize) -> Duration {
    Duration::from_secs_f64(bytes as f64 / f64::from(UPLINK))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX - 1)
}

/// A small number for each thread, so that threads count on cache lines of their own.
fn thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed));
    NUMBER.with(|number| *number)
}
