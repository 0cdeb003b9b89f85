//! Mails in an open loop: so many a second, whether or not the ones before were answered.
//!
//! A caller who waits for an answer before the next mail would hide the delays that it suffers; `saturate` has such
//! callers, for what a node can do at most. Connections are kept for a while, and a free one takes the next mail.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::load_results::LoadResults;
use crate::harness::settings::API_KEY;
use crate::harness::{Gate, mails};
use crate::ledger::caller::{self, Caller};
use crate::ledger::record::Sent;

/// A proxy may end a connection that is idle for longer.
const KEPT: Duration = Duration::from_secs(2);

/// Who sends what, and where.
#[derive(Clone)]
pub(super) struct Load {
    api: SocketAddr,
    key: String,
    next: Arc<AtomicUsize>,
    idle: Arc<Mutex<Vec<(Instant, Caller)>>>,
}

/// A load until it is stopped.
pub(super) struct Running {
    stop: Gate,
    sending: JoinHandle<LoadResults>,
}

impl Load {
    pub(super) fn on(api: SocketAddr) -> Self {
        Self { api, key: API_KEY.to_owned(), next: Arc::default(), idle: Arc::default() }
    }

    pub(super) fn with_key(self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self }
    }

    /// The number of its first mail; no two loads of a test send the same ones.
    pub(super) fn from(self, first: usize) -> Self {
        Self { next: Arc::new(AtomicUsize::new(first)), ..self }
    }

    /// So many a second for so long.
    pub(super) async fn during(&self, time: Duration, a_second: u32) -> LoadResults {
        self.start(a_second).during(time).await
    }

    /// So many a second.
    pub(super) fn start(&self, a_second: u32) -> Running {
        let (load, stop) = (self.clone(), Gate::shut());
        let sending = tokio::spawn(load.send_until(stop.clone(), Duration::from_secs(1) / a_second));
        Running { stop, sending }
    }

    /// So many callers, each with its next mail as soon as the one before is answered; without an answer it stops.
    pub(super) fn saturate(&self, callers: usize) -> Running {
        let (stop, mut calling) = (Gate::shut(), JoinSet::new());
        for _ in 0..callers {
            calling.spawn(self.clone().call_until(stop.clone()));
        }
        let sending = async { LoadResults::of(calling.join_all().await.into_iter().flatten()) };
        Running { stop, sending: tokio::spawn(sending) }
    }

    async fn send_until(self, stop: Gate, pace: Duration) -> LoadResults {
        let (mut ticks, mut sending) = (interval(pace), JoinSet::new());
        // A tick that a busy machine has missed is made up for.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        while !stop.is_open() {
            ticks.tick().await;
            sending.spawn(self.clone().send());
        }
        LoadResults::of(sending.join_all().await)
    }

    async fn call_until(self, stop: Gate) -> Vec<Result<Sent, String>> {
        let mut answered = Vec::new();
        while !stop.is_open() && !matches!(answered.last(), Some(Err(_))) {
            answered.push(self.clone().send().await);
        }
        answered
    }

    async fn send(self) -> Result<Sent, String> {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let request = caller::request(&self.key, number, &mails::with_subject(&number.to_string()).to_string(), &[]);
        let kept = self.idle().pop().filter(|(since, _)| since.elapsed() < KEPT);
        let mut caller = kept.map_or_else(|| Caller::new(self.api), |(_, caller)| caller);
        let (from, start) = (SystemTime::now(), Instant::now());
        let answer = caller.call(number, &request).await.map_err(|why| format!("mail {number}: {why}"))?;
        let (to, took) = (SystemTime::now(), start.elapsed());
        self.idle().push((Instant::now(), caller));
        Ok(Sent::plain(number, [from, to], took, answer))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Instant, Caller)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    pub(super) async fn during(self, time: Duration) -> LoadResults {
        sleep(time).await;
        self.stop().await
    }

    /// Sends no more, and waits for the last answer.
    pub(super) async fn stop(self) -> LoadResults {
        self.stop.open();
        self.sending.await.expect("sending does not panic")
    }
}
