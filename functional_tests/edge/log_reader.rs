//! R-log: for a minute nobody reads the log of a node, at 500 mails a second: every mail is answered, and so are health
//! checks.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::counting_provider::CountingProvider;
use super::load::Load;
use super::load_results::p99;
use crate::harness::stalling_reader::Reading;
use crate::harness::{Proxy, report};

const WORK: Duration = Duration::from_millis(20);
const RATE: u32 = 500;
const STOPPED: Duration = Duration::from_secs(60);
/// As often as an orchestrator asks.
const CHECK: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it"]
async fn a_log_reader_that_stops_for_a_minute_costs_no_mail_and_no_health_check() {
    let provider = CountingProvider::start(WORK);
    let proxy = Proxy::start(provider.settings()).await;
    proxy.process.read_stdout(Reading::Stopped);
    let (load, start) = (Load::on(proxy.api).start(RATE), Instant::now());
    let mut slowest = Duration::ZERO;
    while start.elapsed() < STOPPED {
        let asked = Instant::now();
        proxy.client.ops("/livez").await.expect(200);
        slowest = slowest.max(asked.elapsed());
        sleep(CHECK).await;
    }
    let results = load.stop().await;
    let dropped = proxy.client.metrics().await.count("smsp_log_lines_dropped_total", &[]);
    let violations = results.violations(&provider.accepted());
    report(
        "R-log",
        &format!(
            "{} mails in {STOPPED:?}, {} failed, p99 {:.1?} of {WORK:?}; /livez in {slowest:.1?} at the most; \
             {dropped} lines dropped; {} MiB at the most",
            results.sent.len(),
            results.failures().len(),
            p99(&results.sent),
            proxy.process.peak_kib() >> 10,
        ),
    );
    assert!(dropped > 0, "the queue was not full");
    assert!(violations.is_empty(), "{violations:#?}");
    results.expect_no_failure();
}
