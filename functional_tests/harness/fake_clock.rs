//! A clock that jumps: libfaketime shows a process a clock of its own for what people read; time itself goes on as it does.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use tempfile::TempDir;

use super::proxy::Proxy;
use super::settings::Settings;
use super::skip::skip;
use super::wait::{eventually, when};
use crate::ledger::outages::time;

/// Seconds.
const DAY: i64 = 24 * 3600;

/// What the process takes for the time.
pub(crate) struct FakeClock {
    library: PathBuf,
    dir: TempDir,
}

impl FakeClock {
    /// None, and a counted skip, if libfaketime is not here.
    pub(crate) fn new() -> Option<Self> {
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
    pub(crate) fn jumps_by(&self, days: i64) {
        let (file, new) = (self.dir.path().join("offset"), self.dir.path().join("new"));
        fs::write(&new, format!("{days:+}d\n")).expect("a temporary file can be written");
        // Whole, whenever it is read.
        fs::rename(new, file).expect("a temporary file can be renamed");
    }

    /// The settings of a process that sees this clock.
    pub(crate) fn shown_to(&self, settings: Settings) -> Settings {
        settings
            .with("LD_PRELOAD", &self.library.display().to_string())
            .with("FAKETIME_TIMESTAMP_FILE", &self.dir.path().join("offset").display().to_string())
            .with("FAKETIME_NO_CACHE", "1")
            .with("FAKETIME_DISABLE_SHM", "1")
            .with("DONT_FAKE_MONOTONIC", "1")
            .with("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }

    /// Waits until the log of a process is so many days off.
    pub(crate) async fn is_shown_to(proxy: &Proxy, days: i64) {
        eventually(&format!("its clock is {days} days off"), async || {
            let now = SystemTime::now();
            // A call that is logged; one for its health is not.
            proxy.client.get("/no-such-path").await.expect(404);
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
}
