//! R-clock: the wall clock jumps by a month, forward and back, while a circuit is open: no mail fails, no probe comes
//! early, none stays away, and no other circuit moves.

use std::time::{Duration, SystemTime};

use super::load::Load;
use crate::harness::fake_clock::FakeClock;
use crate::harness::lag::Lag;
use crate::harness::wait::when;
use crate::harness::{Proxy, Settings, StubProvider, eventually, report};
use crate::ledger::outages::outages;

const RATE: u32 = 20;
/// The wait before a probe, a fifth more or less.
const WAIT: Duration = Duration::from_secs(3);

#[tokio::test]
#[ignore = "scripts/check --long runs it"]
async fn a_wall_clock_that_jumps_by_a_month_moves_no_circuit() {
    let Some(clock) = FakeClock::new() else { return };
    let (first, second) = (StubProvider::sendgrid().await, StubProvider::mailgun().await);
    let settings = Settings::sendgrid_then_mailgun(&first.url(), &second.url()).one_failure_opens().one_probe_closes();
    let wait = format!("{}s", WAIT.as_secs());
    let settings = settings.with("SMSP_POLL_INTERVAL", &wait).with("SMSP_POLL_INTERVAL_MAX", &wait);
    let proxy = Proxy::start(clock.shown_to(settings)).await;
    let (load, lag) = (Load::on(proxy.api).start(RATE), Lag::measure());
    let mut waits = Vec::new();
    for (count, days) in [30, -30, 30].into_iter().enumerate() {
        first.goes_down().await;
        is(&proxy, "open").await;
        let opened = SystemTime::now();
        first.comes_up();
        clock.jumps_by(days);
        FakeClock::is_shown_to(&proxy, days).await;
        first.receives_probes(count + 1).await;
        waits.push(first.probes()[count].at.duration_since(opened).expect("after it"));
        is(&proxy, "closed").await;
    }
    let results = load.stop().await;
    report(
        "R-clock",
        &format!("{} mails, {} failed; waits of {waits:.1?}", results.sent.len(), results.failures().len()),
    );
    results.expect_no_failure();
    for wait in &waits {
        // It was open a moment before that was seen.
        let (least, most) = (WAIT * 7 / 10, WAIT * 12 / 10 + WAIT / 10 + lag.allowance());
        assert!(*wait >= least && *wait <= most, "{waits:?}, each from {least:?} to {most:?}");
    }
    let log = proxy.logs();
    assert_eq!((outages(&log, "sg").len(), outages(&log, "mg").len()), (waits.len(), 0), "{log:#?}");
}

async fn is(proxy: &Proxy, state: &str) {
    eventually(&format!("the circuit is {state}"), async || {
        let circuit = proxy.client.circuit("sg").await;
        when(circuit["state"] == state, || circuit.to_string())
    })
    .await;
}
