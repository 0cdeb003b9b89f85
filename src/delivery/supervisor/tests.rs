//! Recovery on paused time, over a provider that counts its dummies.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::delivery::circuit::{Override, Rates, Reason as Why, Settings as Policies};
use crate::delivery::provider::{Call, Capabilities, Delivery, Mode, Provider};
use crate::delivery::upstream;
use crate::delivery::upstream::story::Events;
use crate::model::outcome::Reason;
use crate::runtime::metrics::Metrics;

const SECOND: Duration = Duration::from_secs(1);

/// Answers so many dummies like this, then takes the rest; a dummy takes a while, and two at once are an error.
struct Recovering {
    outcome: Outcome,
    times: u32,
    dummies: Arc<AtomicU32>,
    in_flight: AtomicU32,
}

impl Provider for Recovering {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        Box::pin(async move {
            if delivery.mode != Mode::Probe {
                return Verdict::new(Outcome::Accepted, Reason::Mock);
            }
            assert_eq!(self.in_flight.fetch_add(1, Ordering::SeqCst), 0, "two dummies in flight");
            sleep(SECOND / 10).await;
            self.in_flight.fetch_sub(1, Ordering::SeqCst);
            let before = self.dummies.fetch_add(1, Ordering::SeqCst);
            Verdict::new(if before < self.times { self.outcome } else { Outcome::Accepted }, Reason::Mock)
        })
    }
}

struct Bench {
    upstream: Arc<Upstream>,
    dummies: Arc<AtomicU32>,
}

fn limits() -> upstream::Settings {
    let rates = Rates { bucket: 1000, min_calls: 20, failure_rate: 0.5, slow_rate: None };
    upstream::Settings {
        capabilities: Capabilities::ANY,
        attempt_timeout: 10 * SECOND,
        connect_timeout: SECOND,
        probe_timeout: 10 * SECOND,
        probe: upstream::Probe::Auto,
        slow_call: None,
        first_wait: 5 * SECOND,
        account_hold: 900 * SECOND,
        sender_hold: 600 * SECOND,
        concurrency: 100,
        ramp: 30 * SECOND,
        circuit: Policies {
            consecutive_failures: 1,
            probes_to_close: 3,
            rates: Some(rates),
            ramps: true,
            start_closed: true,
            shards: 1,
        },
    }
}

/// An upstream under supervision, whose provider answers so many dummies like this.
async fn supervised(limits: upstream::Settings, outcome: Outcome, times: u32) -> Bench {
    let dummies = Arc::new(AtomicU32::new(0));
    let provider = Recovering { outcome, times, dummies: Arc::clone(&dummies), in_flight: AtomicU32::new(0) };
    supervised_by(limits, Box::new(provider), dummies).await
}

async fn supervised_by(limits: upstream::Settings, provider: Box<dyn Provider>, dummies: Arc<AtomicU32>) -> Bench {
    let metrics = Arc::new(Metrics::default());
    let upstream = Arc::new(Upstream::new("u".to_owned(), "recovering", provider, limits, metrics, Events::new(8)));
    let poll: Mailbox = "poll@example.org".parse().unwrap();
    let backoff = Backoff { first: 5 * SECOND, longest: 300 * SECOND };
    let settings = Settings { backoff, from: poll.clone(), to: poll };
    let alone = [Arc::clone(&upstream)].into();
    tokio::spawn(supervise(Arc::clone(&upstream), alone, Arc::new(settings)));
    tokio::task::yield_now().await;
    Bench { upstream, dummies }
}

/// The same, just opened.
async fn opened(fails: u32) -> Bench {
    let bench = supervised(limits(), Outcome::Unavailable, fails).await;
    bench.mail(Outcome::Unavailable).await;
    bench
}

fn small() -> Message {
    Message::dummy("a@example.org".parse().unwrap(), "b@example.org".parse().unwrap())
}

impl Bench {
    /// A real mail that came to this.
    async fn mail(&self, outcome: Outcome) {
        self.verdict(Verdict::new(outcome, Reason::Mock)).await;
    }

    async fn verdict(&self, verdict: Verdict) {
        let permit = self.upstream.circuit.admit(0).expect("closed");
        self.upstream.settle(permit, &small(), &verdict, Duration::ZERO);
        tokio::task::yield_now().await;
    }

    async fn until(&self, state: State) -> f64 {
        let start = Instant::now();
        while self.upstream.circuit.snapshot().state != state {
            sleep(SECOND / 100).await;
        }
        start.elapsed().as_secs_f64()
    }

    fn dummies(&self) -> u32 {
        self.dummies.load(Ordering::SeqCst)
    }

    fn trips(&self) -> u8 {
        self.upstream.circuit.snapshot().trips
    }

    fn ramp(&self) -> u8 {
        self.upstream.circuit.snapshot().ramp
    }
}

fn throttled(wait: Option<Duration>) -> Verdict {
    Verdict::new(Outcome::Throttled, Reason::Mock).waiting(wait)
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_back_is_found_after_the_first_wait_and_three_dummies() {
    let bench = opened(0).await;
    let took = bench.until(State::Closed).await;
    // 5 s +- 20 %, three dummies of 0.1 s, two gaps of 1 s.
    assert!((6.2..8.5).contains(&took), "{took}");
    assert_eq!(bench.dummies(), 3);
}

#[tokio::test(start_paused = true)]
async fn every_failed_dummy_doubles_the_wait() {
    let bench = opened(3).await;
    let took = bench.until(State::Closed).await;
    // 5 + 10 + 20 + 40 s +- 20 %, six dummies, two gaps.
    assert!((62.0..93.5).contains(&took), "{took}");
    assert_eq!(bench.dummies(), 6);
}

#[tokio::test(start_paused = true)]
async fn the_next_probe_is_known_to_others_while_the_circuit_is_open() {
    let bench = opened(0).await;
    sleep(SECOND).await;
    let left = bench.upstream.until_next_probe().expect("not closed").as_secs_f64();
    assert!((2.9..5.1).contains(&left), "{left}");
    bench.until(State::Closed).await;
    assert_eq!(bench.upstream.until_next_probe(), None);
}

#[tokio::test(start_paused = true)]
async fn throttled_is_held_for_as_long_as_the_provider_asks_then_one_dummy_closes_it() {
    for (asked, least, most) in [(Some(2), 2.0, 2.8), (Some(60), 60.0, 72.5), (None, 5.0, 6.5)] {
        let bench = supervised(limits(), Outcome::Unavailable, 0).await;
        bench.verdict(throttled(asked.map(Duration::from_secs))).await;
        let took = bench.until(State::Closed).await;
        assert!((least..most).contains(&took), "{asked:?}: {took}");
        assert_eq!((bench.dummies(), bench.trips(), bench.ramp()), (1, 0, 127), "{asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_longer_wait_that_comes_late_is_kept_too() {
    let bench = supervised(limits(), Outcome::Unavailable, 0).await;
    let late = bench.upstream.circuit.admit(0).expect("closed");
    bench.verdict(throttled(Some(SECOND))).await;
    bench.upstream.settle(late, &small(), &throttled(Some(60 * SECOND)), Duration::ZERO);
    let took = bench.until(State::Closed).await;
    assert!((60.0..61.0).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_refused_is_held_long_only_when_a_dummy_confirms_it() {
    let bench = supervised(limits(), Outcome::AccountRefused, 1).await;
    bench.mail(Outcome::AccountRefused).await;
    let first = bench.until(State::HalfOpen).await;
    assert!((3.9..6.1).contains(&first), "the first dummy comes after the poll interval: {first}");
    bench.until(State::Open).await;
    let held = bench.until(State::HalfOpen).await;
    assert!((899.0..901.0).contains(&held), "{held}");
    let story = *bench.upstream.story().borrow();
    assert_eq!(story.last.map(|last| last.reason), Some(Why::ProbeDue));
    assert!(story.outage_since.is_some_and(|since| since.elapsed() > 900 * SECOND), "the outage keeps its age");
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_the_share_of_mail_grows_to_all_within_the_ramp() {
    let bench = opened(0).await;
    bench.until(State::Closed).await;
    let mut shares = vec![bench.ramp()];
    for _ in 0..31 {
        sleep(SECOND).await;
        shares.push(bench.ramp());
    }
    assert_eq!((shares[0], shares[31]), (13, 127));
    assert!((60..80).contains(&shares[15]), "{shares:?}");
    assert!(shares.is_sorted(), "{shares:?}");
}

#[tokio::test(start_paused = true)]
async fn without_a_ramp_all_mail_flows_at_once() {
    let mut limits = limits();
    (limits.ramp, limits.circuit.ramps) = (Duration::ZERO, false);
    let bench = supervised(limits, Outcome::Unavailable, 0).await;
    bench.mail(Outcome::Unavailable).await;
    bench.until(State::Closed).await;
    assert_eq!(bench.ramp(), 127);
}

#[tokio::test(start_paused = true)]
async fn flapping_waits_longer_until_real_mail_has_gone_through_a_stable_circuit() {
    let bench = opened(0).await;
    bench.until(State::Closed).await;
    bench.mail(Outcome::Unavailable).await;
    let took = bench.until(State::Closed).await;
    assert!((10.0..14.6).contains(&took), "{took}");
    assert_eq!(bench.trips(), 2, "closing by dummies forgives nothing");
    sleep(60 * SECOND).await;
    assert_eq!(bench.trips(), 2, "time alone forgives nothing");
    bench.mail(Outcome::Accepted).await;
    sleep(SECOND).await;
    assert_eq!(bench.trips(), 1);
    sleep(60 * SECOND).await;
    assert_eq!(bench.trips(), 1, "the next one is to be earned anew");
}

#[tokio::test(start_paused = true)]
async fn a_share_that_successes_complete_opens_within_a_tick() {
    let mut limits = limits();
    limits.circuit.consecutive_failures = 4095;
    let bench = supervised(limits, Outcome::Unavailable, 0).await;
    for outcome in [Outcome::Unavailable, Outcome::Accepted] {
        for _ in 0..10 {
            bench.mail(outcome).await;
        }
    }
    assert_eq!(bench.upstream.circuit.snapshot().state, State::Closed);
    assert!(bench.until(State::Open).await <= 0.3);
}

#[tokio::test(start_paused = true)]
async fn a_circuit_that_opened_unannounced_is_found_by_the_tick() {
    let bench = opened(0).await;
    bench.until(State::Closed).await;
    drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _first = bench.upstream.circuit.admit(0);
        panic!("nobody is left to publish");
    })));
    assert_eq!(bench.upstream.circuit.snapshot().state, State::Open);
    bench.until(State::Closed).await;
    assert_eq!(bench.dummies(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_reset_ends_the_wait_at_once() {
    let bench = opened(u32::MAX).await;
    while bench.trips() < 6 {
        sleep(SECOND).await;
    }
    bench.upstream.publish(bench.upstream.circuit.reset().expect("a change"));
    bench.mail(Outcome::Unavailable).await;
    let took = bench.until(State::HalfOpen).await;
    assert!((3.9..6.1).contains(&took), "a clean slate begins with the first wait, not the sixth: {took}");
}

/// P-herd: jitter keeps nodes that trip together from probing together.
#[tokio::test(start_paused = true)]
async fn ten_nodes_that_trip_together_do_not_probe_in_step() {
    fastrand::seed(2);
    let mut nodes = Vec::new();
    for _ in 0..10 {
        nodes.push(opened(0).await);
    }
    let (mut seen, mut counts) = (0, Vec::new());
    for _ in 0..80 {
        sleep(SECOND / 10).await;
        let all = nodes.iter().map(Bench::dummies).sum::<u32>();
        counts.push(all - seen);
        seen = all;
    }
    assert!(counts.iter().all(|dummies| *dummies <= 3), "more than three dummies in 100 ms: {counts:?}");
    for node in &nodes {
        node.until(State::Closed).await;
        assert_eq!(node.dummies(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_to_stay_open_does_not_put_off_the_next_dummy() {
    let bench = opened(0).await;
    for order in [Override::Open, Override::Auto, Override::Open] {
        sleep(SECOND).await;
        bench.upstream.publish(bench.upstream.circuit.set_override(order).expect("a change"));
    }
    bench.until(State::Closed).await;
    assert_eq!(bench.dummies(), 3, "probing goes on for information");
    assert!(bench.upstream.circuit.admit(0).is_none(), "and the order holds");
}

#[tokio::test(start_paused = true)]
async fn probe_lease_expires() {
    /// Its dummies never end.
    struct Stuck;
    impl Provider for Stuck {
        fn send<'a>(&'a self, _: Delivery<'a>) -> Call<'a> {
            Box::pin(std::future::pending())
        }
    }
    let bench = supervised_by(limits(), Box::new(Stuck), Arc::default()).await;
    bench.mail(Outcome::Unavailable).await;
    bench.until(State::HalfOpen).await;
    let half_open = bench.until(State::Open).await;
    assert!((9.9..10.1).contains(&half_open), "a dummy holds its place for the probe timeout, no longer: {half_open}");
    assert_eq!(bench.trips(), 2);
}

#[tokio::test(start_paused = true)]
async fn callback_may_reenter() {
    let bench = supervised(limits(), Outcome::Unavailable, 0).await;
    let (upstream, mut story) = (Arc::clone(&bench.upstream), bench.upstream.story());
    let listener = tokio::spawn(async move {
        story.changed().await.expect("the upstream lives");
        upstream.publish(upstream.circuit.reset().expect("a change"));
        panic!("and a listener that panics harms nobody");
    });
    bench.mail(Outcome::Unavailable).await;
    assert!(listener.await.is_err());
    bench.mail(Outcome::Accepted).await;
    assert_eq!(bench.upstream.story().borrow().last.map(|last| last.reason), Some(Why::Reset));
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_is_seen_while_it_waits() {
    let bench = opened(u32::MAX).await;
    for _ in 0..200 {
        sleep(SECOND).await;
        assert!(bench.upstream.supervisor_age() <= SECOND, "{:?}", bench.upstream.supervisor_age());
    }
}

/// Answers no dummy while its network is gone.
struct Networked {
    gone: Arc<AtomicU32>,
    reason: Reason,
}

impl Provider for Networked {
    fn send<'a>(&'a self, _: Delivery<'a>) -> Call<'a> {
        Box::pin(async {
            match self.gone.load(Ordering::SeqCst) {
                0 => Verdict::new(Outcome::Accepted, Reason::Mock),
                _ => Verdict::new(Outcome::Unavailable, self.reason),
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn when_no_provider_can_be_reached_the_waits_do_not_grow() {
    let poll: Mailbox = "poll@example.org".parse().unwrap();
    let backoff = Backoff { first: 5 * SECOND, longest: 300 * SECOND };
    let settings = Arc::new(Settings { backoff, from: poll.clone(), to: poll });
    for (reason, first_gone, trips_after) in [
        (Reason::Connect, 1, 1..=2),
        (Reason::Dns, 1, 1..=2),
        (Reason::Status(407), 1, 1..=2),
        (Reason::Tls, 1, 6..=8),
        (Reason::Connect, 0, 6..=8),
    ] {
        let gone = [Arc::new(AtomicU32::new(first_gone)), Arc::new(AtomicU32::new(1))];
        let upstream = |(index, gone): (usize, &Arc<AtomicU32>)| {
            let (provider, metrics) = (Networked { gone: Arc::clone(gone), reason }, Arc::default());
            Arc::new(Upstream::new(
                format!("u{index}"),
                "networked",
                Box::new(provider),
                limits(),
                metrics,
                Events::new(1),
            ))
        };
        let all: Arc<[Arc<Upstream>]> = gone.iter().enumerate().map(upstream).collect();
        for upstream in all.iter() {
            tokio::spawn(supervise(Arc::clone(upstream), Arc::clone(&all), Arc::clone(&settings)));
        }
        tokio::task::yield_now().await;
        for upstream in all.iter() {
            let (mail, permit) = (small(), upstream.circuit.admit(0).expect("closed"));
            let verdict = upstream.send(&mail, SECOND, Mode::First, std::future::pending(), None).await;
            upstream.settle(permit, &mail, &verdict, Duration::ZERO);
        }
        sleep(600 * SECOND).await;
        let trips = all[1].circuit.snapshot().trips;
        assert!(
            trips_after.contains(&trips),
            "{reason}: {trips} trips, the other one {}",
            if first_gone > 0 { "gone too" } else { "there" }
        );
    }
}
