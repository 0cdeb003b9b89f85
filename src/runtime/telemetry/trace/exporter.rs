//! The one task that sends spans. Whatever the collector does costs spans, which are counted, and nothing else.
//!
//! A batch that the collector may take later is sent again after a wait that it names, or one that doubles; then it is
//! dropped. While it waits the queue goes on, until it is full. At the end of the process each batch has one more try,
//! within a bound for all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::collector::{Collector, Outcome};
use super::otlp;
use super::queue::{Batch, Queue};
use super::settings::Settings;
use super::tracer::Tracer;
use crate::runtime::net::Unusable;
use crate::runtime::off_worker::off_worker;

/// Times that a batch is sent, at most.
const TRIES: u32 = 5;
/// Before the second time; each further wait is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Bytes of a span in JSON, about.
const SPAN: usize = 800;
/// Whatever the collector asks for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What the log says of the collector.
#[derive(Clone, Copy)]
#[repr(u8)]
enum CollectorState {
    /// Nothing, or that it takes spans again.
    Taking,
    /// That it takes none.
    NotTaking,
    /// That it rejects some or all.
    Rejecting,
}

/// Sends the spans of a process.
pub struct Exporter {
    queue: Arc<Queue>,
    collector: Collector,
    /// What is said of this process.
    resource: Vec<(String, String)>,
    /// What was said last of the collector: a [`CollectorState`].
    said: AtomicU8,
    /// No more waits.
    closing: CancellationToken,
    /// No more time.
    over: CancellationToken,
    done: CancellationToken,
}

/// What begins traces, and what sends them. `on_dropped` hears of spans that are not known to have reached the collector.
pub fn start(
    settings: Settings,
    on_dropped: impl Fn(u64) + Send + Sync + 'static,
) -> Result<(Tracer, Arc<Exporter>), Unusable> {
    let Settings { url, headers, resource, sampler } = settings;
    let (queue, collector) = (Queue::new(Box::new(on_dropped)), Collector::new(url, headers)?);
    let tracer = Tracer::new(sampler, Arc::clone(&queue));
    let [closing, over, done] = [(); 3].map(|()| CancellationToken::new());
    let said = AtomicU8::new(CollectorState::Taking as u8);
    Ok((tracer, Arc::new(Exporter { queue, collector, resource, said, closing, over, done })))
}

impl Exporter {
    /// Sends batch after batch, until the exporter is finished.
    pub async fn run(self: Arc<Self>) {
        let sending = async {
            while let Some(batch) = self.queue.next().await {
                self.send(batch).await;
            }
        };
        tokio::select! {
            () = sending => {}
            () = self.over.cancelled() => {}
        }
        self.done.cancel();
    }

    /// Sends what there is, for so long at most; the rest is dropped.
    pub async fn finish(&self, within: Duration) {
        self.queue.close();
        self.closing.cancel();
        if timeout(within, self.done.cancelled()).await.is_err() {
            warn!(host = self.collector.host(), "the trace collector has not taken the last spans in time");
        }
        self.over.cancel();
        self.queue.clear();
    }

    async fn send(&self, batch: Batch) {
        let spans = batch.spans();
        let body = off_worker(spans.len() * SPAN, || otlp::request(&self.resource, spans));
        for turn in 1..=TRIES {
            let is_last = turn == TRIES || self.closing.is_cancelled();
            match self.collector.post(body.clone()).await {
                Outcome::Arrived { rejected } => {
                    if rejected == 0 {
                        self.succeeded()
                    } else {
                        self.failed(CollectorState::Rejecting, "rejected")
                    }
                    return batch.arrived(rejected);
                }
                Outcome::Dropped { reason } => return self.failed(CollectorState::NotTaking, &reason),
                Outcome::Later { reason, .. } if is_last => return self.failed(CollectorState::NotTaking, &reason),
                Outcome::Later { wait, .. } => self.pause(wait.unwrap_or_else(|| wait_after(turn))).await,
            }
        }
    }

    /// Ends early where the exporter is to finish.
    async fn pause(&self, wait: Duration) {
        tokio::select! {
            () = sleep(wait.min(LONGEST_WAIT)) => {}
            () = self.closing.cancelled() => {}
        }
    }

    /// Says so once, however many batches follow.
    fn failed(&self, said: CollectorState, reason: &str) {
        if self.is_change(said) {
            warn!(
                reason,
                host = self.collector.host(),
                "the trace collector does not take spans: they are dropped and counted"
            );
        }
    }

    /// A batch was taken to its last span.
    fn succeeded(&self) {
        if self.is_change(CollectorState::Taking) {
            info!(host = self.collector.host(), "the trace collector takes spans again");
        }
    }

    /// Was something else said last?
    fn is_change(&self, said: CollectorState) -> bool {
        self.said.swap(said as u8, Ordering::Relaxed) != said as u8
    }
}

/// Before the next time, where the collector names no wait: it doubles, and is spread by half of it at random.
fn wait_after(turn: u32) -> Duration {
    (FIRST_WAIT * 2_u32.pow(turn - 1)).mul_f64(0.5 + fastrand::f64())
}

#[cfg(test)]
mod tests;
