//! R-clock: the wall clock jumps by a month, forward and back, while a circuit is open: no mail fails, no probe comes
//! early, none stays away, and no other circuit moves.
//!
//! libfaketime shows the process a clock of its own for what people read; time itself goes on as it does.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::load::Load;
use crate::harness::lag::Lag;
use crate::harness::wait::when;
use crate::harness::{Proxy, Settings, StubProvider, eventually, report, skip};
use crate::ledger::outages::{outages, time};

/// Seconds.
const DAY: i64 = 24 * 3600;
const RATE: u32 = 20;
/// The wait before a probe, a fifth more or less.
const WAIT: Duration = Duration::from_secs(3);

/// What the process takes for the time.
struct Clock {
    library: PathBuf,
    dir: TempDir,
}

impl Clock {
    /// None, and a counted skip, if libfaketime is not here.
    fn new() -> Option<Self> {
        let folders = fs::read_dir("/usr/lib").expect("a folder");
        let mut paths = folders.map(|entry| entry.expect("an entry").path().join("faketime/libfaketimeMT.so.1"));
        let Some(library) = paths.find(|path| path.exists()) else {
            skip("libfaketime is not here (Debian package faketime)");
            return None;
        };
        let clock = Self { library, dir: tempfile::tempdir().expect("a temporary directory can be made") };
        clock.jumps_by(0);
        Some(clock)
    }

    /// From the time that it is.
    fn jumps_by(&self, days: i64) {
        let (file, new) = (self.dir.path().join("offset"), self.dir.path().join("new"));
        fs::write(&new, format!("{days:+}d\n")).expect("a temporary file can be written");
        // Whole, whenever it is read.
        fs::rename(new, file).expect("a temporary file can be renamed");
    }

    fn shown_to(&self, settings: Settings) -> Settings {
        settings
            .with("LD_PRELOAD", &self.library.display().to_string())
            .with("FAKETIME_TIMESTAMP_FILE", &self.dir.path().join("offset").display().to_string())
            .with("FAKETIME_NO_CACHE", "1")
            .with("FAKETIME_DISABLE_SHM", "1")
            .with("DONT_FAKE_MONOTONIC", "1")
            .with("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }
}

/// Waits until its log is so many days off.
async fn is_shown(proxy: &Proxy, days: i64) {
    eventually(&format!("its clock is {days} days off"), async || {
        let now = SystemTime::now();
        proxy.client.healthcheck().await.expect(200);
        let log = proxy.logs();
        let line = log.iter().rfind(|line| line["message"] == "request").ok_or("no request is logged")?;
        let off = match time(line).duration_since(now) {
            Ok(ahead) => ahead.as_secs().cast_signed(),
            Err(behind) => -behind.duration().as_secs().cast_signed(),
        };
        when((off - days * DAY).abs() < DAY, || line.to_string())
    })
    .await;
}

#[tokio::test]
#[ignore = "scripts/check --long runs it"]
async fn a_wall_clock_that_jumps_by_a_month_moves_no_circuit() {
    let Some(clock) = Clock::new() else { return };
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
        is_shown(&proxy, days).await;
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
