//! Providers that are all down for a moment, again and again, and a store that is away: they take their connections with
//! them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::super::record::Cut;
use super::history::StoreOutage;
use crate::harness::postmaster::Postmaster;
use crate::harness::{Gate, StubProvider};

/// How long they are up, and then down.
const UP: Duration = Duration::from_millis(250);
const DOWN: Duration = Duration::from_millis(150);

/// How long the store is there, and then away.
const STORE_UP: Duration = Duration::from_secs(3);
const STORE_AWAY: Duration = Duration::from_secs(2);

/// Kills the server of the store again and again, but not while this is locked; it runs in the end.
pub(super) async fn store_outages(
    server: &'static Postmaster,
    starting: Arc<Mutex<()>>,
    stop: Gate,
) -> Vec<StoreOutage> {
    let mut outages = Vec::new();
    while timeout(STORE_UP, stop.passed()).await.is_err() {
        let _starting = starting.lock().await;
        let order = SystemTime::now();
        blocking(move || server.kill()).await;
        let away = SystemTime::now();
        let _ = timeout(STORE_AWAY, stop.passed()).await;
        let back = SystemTime::now();
        blocking(move || server.restart()).await;
        outages.push(StoreOutage { order, away, back });
    }
    outages
}

async fn blocking(work: impl FnOnce() + Send + 'static) {
    tokio::task::spawn_blocking(work).await.expect("it does not panic");
}

/// Until they are told to stop; up in the end. From the first order of each time to the end of it.
pub(super) async fn outages(providers: Vec<Arc<StubProvider>>, stop: Gate) -> Vec<Cut> {
    let mut outages = Vec::new();
    while timeout(UP, stop.passed()).await.is_err() {
        let order = SystemTime::now();
        join_all(providers.iter().map(|provider| provider.goes_down())).await;
        // If it is told to stop meanwhile, the next turn hears of it.
        let _ = timeout(DOWN, stop.passed()).await;
        providers.iter().for_each(|provider| provider.comes_up());
        outages.push([order, SystemTime::now()]);
    }
    outages
}
