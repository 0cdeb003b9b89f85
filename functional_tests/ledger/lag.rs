//! How late this machine is: a task that wants to wake every few milliseconds notes each time that it could not.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::harness::lock::lock;

const TICK: Duration = Duration::from_millis(5);

/// Every delay with the time when it ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lags(pub(crate) Vec<(SystemTime, Duration)>);

/// Measures until it is dropped.
pub(crate) struct Meter {
    lags: Arc<Mutex<Lags>>,
    task: JoinHandle<()>,
}

impl Meter {
    pub(crate) fn start() -> Self {
        let lags = Arc::<Mutex<Lags>>::default();
        let task = tokio::spawn(measure(lags.clone()));
        Self { lags, task }
    }

    pub(crate) fn lags(&self) -> Lags {
        lock(&self.lags).clone()
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn measure(lags: Arc<Mutex<Lags>>) {
    loop {
        let start = Instant::now();
        sleep(TICK).await;
        let lag = start.elapsed().saturating_sub(TICK);
        if lag > TICK {
            lock(&lags).0.push((SystemTime::now(), lag));
        }
    }
}

impl Lags {
    /// All that was lost between these two moments, and just after, when an answer may have lain unread.
    pub(crate) fn between(&self, from: SystemTime, to: SystemTime) -> Duration {
        let during = self.0.iter().filter(|(end, lag)| *end >= from && *end <= to + *lag);
        during.map(|(_, lag)| *lag).sum()
    }
}
