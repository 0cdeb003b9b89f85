//! What the policies cost and save, by simulation: real circuits and supervisors on paused time, mails at random moments.
//!
//! `cargo test --lib supervisor::tests::early -- --nocapture` prints the tables that `docs/explanation/circuits.md` shows.

use tokio::time::sleep_until;

use super::*;
use crate::delivery::upstream::Ended;

/// Fails so often, and probes too.
struct Unlucky(f64);

impl Provider for Unlucky {
    fn send<'a>(&'a self, _: Delivery<'a>) -> Call<'a> {
        let outcome = if fastrand::f64() < self.0 { Outcome::Unknown } else { Outcome::Accepted };
        Box::pin(async move { Verdict::new(outcome, Reason::Mock) })
    }
}

/// A supervised upstream, beside which another one is always ready.
struct Simulated {
    upstream: Arc<Upstream>,
    message: Message,
    mails: f64,
    taken: f64,
    unknown: u32,
}

impl Simulated {
    async fn new(consecutive_failures: u16, early_failures: Option<u8>, failing: f64) -> Self {
        fastrand::seed(11);
        let limits = limits();
        let rates = limits.circuit.rates.map(|rates| Rates { early_failures, ..rates });
        let circuit = Policies { consecutive_failures, rates, ..limits.circuit };
        let limits = upstream::Settings { circuit, ..limits };
        let Supervised { upstream, .. } = supervise_provider(limits, Box::new(Unlucky(failing)), Arc::default()).await;
        Self { upstream, message: small(), mails: 0.0, taken: 0.0, unknown: 0 }
    }

    /// Sends one mail more; its answer comes at once.
    fn mail(&mut self, fails: bool) {
        self.mails += 1.0;
        let in_share = fastrand::u8(1..=Snapshot::ALL_MAIL) <= self.upstream.snapshot().share();
        if let Some(permit) = self.upstream.try_admit().filter(|_| in_share) {
            self.taken += 1.0;
            self.unknown += u32::from(fails);
            let outcome = if fails { Outcome::Unknown } else { Outcome::Accepted };
            let verdict = Verdict::new(outcome, Reason::Status(500));
            self.upstream.settle(permit, &self.message, Ended { has_alternative: true, ..ended(&verdict) });
        }
    }

    /// Sends so many mails a second for so long, at random moments, of which such a part fails.
    async fn at_random(&mut self, rate: f64, period: Duration, failing: f64) {
        const BLINK: Duration = Duration::from_millis(100);
        let (end, mut next) = (Instant::now() + period, Instant::now());
        while next < end {
            if self.upstream.snapshot().admits() {
                next += Duration::from_secs_f64(-(1.0 - fastrand::f64()).ln() / rate);
                // The timer's steps are 1 ms.
                if next.saturating_duration_since(Instant::now()) > BLINK / 10 {
                    sleep_until(next).await;
                }
                self.mail(fastrand::f64() < failing);
            } else {
                next = Instant::now() + BLINK;
                self.mails += rate * BLINK.as_secs_f64();
                sleep_until(next).await;
            }
        }
    }

    fn kept(&self) -> f64 {
        self.taken / self.mails
    }
}

/// The share that it keeps of so many mails a second for so long, of which one in fifty fails.
async fn kept(consecutive: u16, early: Option<u8>, (rate, seconds): (f64, u32)) -> f64 {
    let mut simulated = Simulated::new(consecutive, early, 0.02).await;
    simulated.at_random(rate, SECOND * seconds, 0.02).await;
    simulated.kept()
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_fails_one_mail_in_fifty_keeps_its_share() {
    const TRAFFIC: [(f64, u32); 4] = [(1.0, 20_000), (20.0, 3000), (50.0, 3000), (500.0, 1200)];
    println!("mails a second, and the share that an upstream keeps: as it is, and if two in a row always opened it");
    let mut shares = Vec::new();
    for traffic in TRAFFIC {
        let (early, control) = (kept(5, Some(2), traffic).await, kept(2, None, traffic).await);
        println!("{:>8}{:>8.1}%{:>8.1}%", traffic.0, early * 100.0, control * 100.0);
        shares.push((early, control));
    }
    assert!(shares.iter().all(|(early, _)| *early >= 0.98), "{shares:?}");
    let (at_20, at_500) = (shares[1].1, shares[3].1);
    assert!(at_20 < 0.95 && at_500 < 0.25, "the control shows nothing: {shares:?}");
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_fails_one_mail_in_fifty_comes_back_after_an_outage() {
    println!("mails a second, and the share that an upstream takes in the 10 minutes after an outage");
    for rate in [1.0, 20.0, 500.0] {
        let mut simulated = Simulated::new(5, Some(2), 0.02).await;
        while simulated.upstream.snapshot().state == State::Closed {
            simulated.mail(true);
        }
        (simulated.mails, simulated.taken) = (0.0, 0.0);
        simulated.at_random(rate, 600 * SECOND, 0.02).await;
        println!("{rate:>8}{:>8.1}%", simulated.kept() * 100.0);
        assert!(simulated.kept() > 0.9, "{rate}/s: {}", simulated.kept());
    }
}

#[tokio::test(start_paused = true)]
async fn every_second_mail_failing_opens_within_twenty_mails_at_little_traffic() {
    println!(
        "mails until it opens, and the `unknown` among them, where every second mail fails, by seconds between mails"
    );
    for seconds in [0.1, 0.5, 1.0, 2.0, 5.0, 6.0] {
        let mut simulated = Simulated::new(5, Some(2), 0.5).await;
        while simulated.upstream.snapshot().state == State::Closed && simulated.mails < 100.0 {
            sleep(SECOND.mul_f64(seconds)).await;
            simulated.mail(simulated.mails % 2.0 == 1.0);
        }
        println!("{seconds:>8}{:>8}{:>8}", simulated.mails, simulated.unknown);
        assert!(simulated.mails <= 20.0, "{seconds} s: {}", simulated.mails);
    }
}

#[tokio::test(start_paused = true)]
async fn two_upstreams_that_trip_in_one_instant_both_recover() {
    let both = [Simulated::new(5, Some(2), 0.0).await, Simulated::new(5, Some(2), 0.0).await];
    let verdict = Verdict::new(Outcome::Unknown, Reason::Status(500));
    let failed = Ended { has_alternative: true, ..ended(&verdict) };
    for _ in 0..2 {
        // Each is given its permit, and sees the other one closed, before either settles.
        let permits = both.each_ref().map(|one| (one, one.upstream.try_admit().expect("closed")));
        permits.into_iter().for_each(|(one, permit)| one.upstream.settle(permit, &small(), failed));
    }
    assert_eq!(both.each_ref().map(|one| one.upstream.snapshot().state), [State::Open; 2]);
    sleep(60 * SECOND).await;
    assert_eq!(both.each_ref().map(|one| one.upstream.snapshot().share()), [Snapshot::ALL_MAIL; 2]);
}
