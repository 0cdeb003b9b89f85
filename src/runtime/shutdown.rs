//! How this process ends: drain on the first signal, go at once on the second.
//!
//! `draining` comes with the signal: health checks turn to 503 while mail is still taken. After the drain delay
//! `closing` follows: no new connection. Then whatever is in flight has until the drain deadline. Everything that
//! must finish is spawned here, so that the exit waits for it.

pub mod settings;

use std::future::pending;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use settings::Settings;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

/// For the answers to mail that is still under way at the last call; a quarter of a short deadline.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The stop signal and the work that it waits for; clones share both.
#[derive(Clone, Default)]
pub struct Shutdown {
    requested: CancellationToken,
    draining: CancellationToken,
    closing: CancellationToken,
    last_call: CancellationToken,
    /// When that is, from the signal on.
    last_call_at: Arc<OnceLock<Instant>>,
    /// What the answers may take beyond the usual.
    beyond: Duration,
    work: TaskTracker,
}

impl Shutdown {
    /// Whose last call comes so much earlier: the answers to mail that is still under way then need that time.
    pub fn with_answers_of(beyond: Duration) -> Self {
        Self { beyond, ..Self::default() }
    }

    /// Spawns work that the exit waits for.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.work.spawn(work));
    }

    /// Begins the end without a signal.
    pub fn request(&self) {
        self.requested.cancel();
    }

    /// Did we want to end, without a signal?
    pub fn was_requested(&self) -> bool {
        self.requested.is_cancelled()
    }

    /// Has the signal come?
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Waits until no new connection is taken.
    pub async fn closing(&self) {
        self.closing.cancelled().await;
    }

    /// When mail that is under way must have its answer; nothing before the signal.
    pub fn last_call(&self) -> Option<Instant> {
        self.last_call_at.get().copied()
    }

    /// Waits until mail that is under way must have its answer, shortly before the drain deadline.
    pub async fn until_last_call(&self) {
        self.last_call.cancelled().await;
    }

    /// Waits for the signal, then drains; `beside` begins then too, and says whether it was finished in time. The end waits for
    /// both. Was all work finished?
    pub async fn run(self, mut signals: Signals, settings: Settings, beside: impl Future<Output = bool>) -> bool {
        tokio::select! {
            () = signals.recv() => {}
            () = self.requested.cancelled() => {}
        }
        info!(delay = ?settings.delay, deadline = ?settings.deadline, "draining");
        tokio::select! {
            both = async { tokio::join!(self.drain(settings), beside) } => both == (true, true),
            () = signals.recv() => {
                warn!(in_flight = self.work.len(), "second signal: exiting immediately");
                false
            }
        }
    }

    /// Drains without a signal: for work that has another deadline than the rest. Was all of it finished in time?
    pub async fn drain(&self, settings: Settings) -> bool {
        let end = Instant::now() + settings.delay + settings.deadline;
        // Set once: there is one drain.
        let last_call = *self.last_call_at.get_or_init(|| end - (LAST_WORDS + self.beyond).min(settings.deadline / 4));
        self.draining.cancel();
        sleep(settings.delay).await;
        self.closing.cancel();
        self.work.close();
        let last_call = async {
            sleep_until(last_call).await;
            self.last_call.cancel();
            pending::<()>().await;
        };
        let waiting = async {
            tokio::select! {
                () = self.work.wait() => {}
                () = last_call => {}
            }
        };
        let is_finished = timeout_at(end, waiting).await.is_ok();
        if !is_finished {
            warn!(in_flight = self.work.len(), "drain deadline exceeded: abandoning what is in flight");
        }
        is_finished
    }
}

/// SIGTERM and SIGINT.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on, so that no signal is lost while the rest starts.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    pub async fn recv(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How long before the end the last call is.
    async fn before_the_end(shutdown: Shutdown, deadline: Duration) -> Duration {
        let start = Instant::now();
        let under_way = shutdown.clone();
        shutdown.spawn(async move { under_way.until_last_call().await });
        assert!(shutdown.drain(Settings { delay: Duration::ZERO, deadline }).await);
        deadline - start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn mail_under_way_has_its_last_call_before_the_end_and_earlier_where_its_answer_takes_longer() {
        for (beyond, deadline, expected) in
            [(0, 20, SECOND), (2, 20, 3 * SECOND), (0, 2, SECOND / 2), (2, 8, 2 * SECOND)]
        {
            let shutdown = Shutdown::with_answers_of(beyond * SECOND);
            assert_eq!(before_the_end(shutdown, deadline * SECOND).await, expected, "{beyond} {deadline}");
        }
    }
}
