//! L-shed: thrice the load that a node can bear, for a minute: it goes on at full speed, refuses the rest at once, and
//! is itself again as soon as the load is.
//!
//! What it can bear is measured in the same run. A node that queues instead fails by the time of its mails and of its
//! health checks; one that refuses too much, by its goodput.

use std::time::{Duration, SystemTime};

use tokio::task::JoinHandle;
use tokio::time::{Instant, interval};

use super::counting_provider::CountingProvider;
use super::load::Load;
use super::load_results::{LoadResults, p99};
use crate::harness::lag::Lag;
use crate::harness::{Client, Gate, Proxy, report};

/// At once, at a provider that needs so long for each.
const PLACES: usize = 32;
const WORK: Duration = Duration::from_millis(100);
/// Thrice and half of what comes of that.
const TOO_MANY: u32 = 960;
const FEW: u32 = 160;
const CAPACITY: Duration = Duration::from_secs(10);
const OVERLOAD: Duration = Duration::from_secs(60);
const AFTERWARDS: Duration = Duration::from_secs(10);
const BACK_TO_NORMAL: Duration = Duration::from_secs(2);
const REFUSED: Duration = Duration::from_millis(10);
const HEALTHY: Duration = Duration::from_millis(50);
const LOOK: Duration = Duration::from_millis(20);

/// What operators and load balancers see meanwhile.
struct Watch {
    stop: Gate,
    watching: JoinHandle<(f64, Vec<Duration>)>,
}

impl Watch {
    fn start(client: Client) -> Self {
        let stop = Gate::shut();
        Self { stop: stop.clone(), watching: tokio::spawn(watch(client, stop)) }
    }

    /// The most mails in flight, and how long a health check took.
    async fn stop(self) -> (f64, Duration) {
        self.stop.open();
        let (most, mut times) = self.watching.await.expect("watching does not panic");
        times.sort();
        (most, times[times.len() * 99 / 100])
    }
}

async fn watch(client: Client, stop: Gate) -> (f64, Vec<Duration>) {
    let (mut ticks, mut most, mut times) = (interval(LOOK), 0.0, Vec::new());
    while !stop.is_open() {
        ticks.tick().await;
        let start = Instant::now();
        client.healthcheck().await.expect(200);
        times.push(start.elapsed());
        most = client.metrics().await.gauge("smsp_in_flight", &[]).max(most);
    }
    (most, times)
}

/// Each says that nobody has the mail, and when to come back.
fn are_well_refused(results: &LoadResults) {
    assert!(results.unanswered.is_empty(), "{:?}", results.unanswered.first());
    for refused in results.sent.iter().filter(|sent| sent.answer.status != 200) {
        let answer = &refused.answer;
        assert_eq!((answer.status, refused.delivery()), (503, Some("none")), "{answer}");
        assert!(answer.json["retryable"] == true && answer.retry_after() >= 1, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it"]
async fn thrice_the_capacity_is_shed_and_half_of_it_is_served_again_within_two_seconds() {
    let provider = CountingProvider::start(WORK);
    let proxy = Proxy::start(provider.settings().with("SMSP_MAX_IN_FLIGHT", &PLACES.to_string())).await;
    let load = Load::on(proxy.api);
    let peak = load.saturate(PLACES).during(CAPACITY).await;
    peak.expect_no_failure();

    let (watch, lag) = (Watch::start(proxy.client.clone()), Lag::measure());
    let over = load.during(OVERLOAD, TOO_MANY).await;
    let (most, health) = watch.stop().await;
    let again = SystemTime::now();
    let after = load.during(AFTERWARDS, FEW).await;

    are_well_refused(&over);
    let rate = |results: &LoadResults, time: Duration| results.of_status(200).count() as f64 / time.as_secs_f64();
    let (best, goodput) = (rate(&peak, CAPACITY), rate(&over, OVERLOAD));
    let (alone, under, refused) = (p99(&peak.sent), p99(over.of_status(200)), p99(over.of_status(503)));
    let normal = after.sent.iter().filter(|sent| sent.from > again + BACK_TO_NORMAL);
    let normal: Vec<_> = normal.collect();
    let late = normal.iter().filter(|sent| sent.answer.status != 200).count();
    let shed = over.of_status(503).count();
    let (slack, offered) = (lag.allowance(), f64::from(TOO_MANY));
    report(
        "L-shed",
        &format!(
            "{offered:.0}/s offered, {goodput:.0}/s of {best:.0}/s served; p99 {under:.1?}, at capacity {alone:.1?}, \
             refused {refused:.1?}, health {health:.1?}, machine late by {slack:.0?}; at most {most} in flight; \
             afterwards {late} of {} refused, p99 {:.1?}",
            normal.len(),
            p99(normal.iter().copied()),
        ),
    );
    assert!(shed > 0, "nothing was shed");
    assert!(goodput >= 0.9 * best, "goodput");
    assert!(under <= alone * 2, "time of a mail");
    assert!(refused <= REFUSED + slack, "time of a refusal");
    assert!(health <= HEALTHY + slack, "time of a health check");
    assert!(most <= PLACES as f64, "in flight");
    assert!(late == 0 && p99(normal.iter().copied()) <= alone * 2, "afterwards");
    let all = peak.and(over).and(after);
    assert_eq!((provider.count(), all.violations(&provider.accepted())), (all.of_status(200).count(), Vec::new()));
}
