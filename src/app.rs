//! Where everything is put together: configuration in, a running node out. The only place with concrete names.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tracing::info;

use crate::config::{Config, UpstreamConfig};
use crate::dispatch::Dispatcher;
use crate::http::{self, listener};
use crate::metrics::Metrics;
use crate::ops;
use crate::outcome::Outcome;
use crate::shutdown::{Shutdown, Signals};
use crate::supervisor::supervise;
use crate::telemetry;
use crate::upstream::Upstream;

/// Why a node could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: {error}; choose another with {variable}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Which variable says so.
        variable: &'static str,
        /// Why not.
        error: std::io::Error,
    },
    /// No signals.
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
}

/// Serves until a signal says otherwise.
pub async fn serve(config: Config) -> Result<(), StartError> {
    telemetry::init(config.telemetry);
    let signals = Signals::listen().map_err(StartError::Signals)?;
    let api = bind("api", config.listen.api, "SMSP_PORT").await?;
    let operators = bind("ops", config.listen.ops, "SMSP_OPS_PORT").await?;
    let shutdown = Shutdown::default();
    let metrics = Arc::new(Metrics::default());
    let upstreams = upstreams(config.upstreams, &metrics);
    let supervisor = Arc::new(config.supervisor);
    for upstream in &upstreams {
        tokio::spawn(supervise(Arc::clone(upstream), Arc::clone(&supervisor)));
    }
    let door = http::Door {
        dispatcher: Dispatcher::new(upstreams.clone(), config.dispatch, shutdown.clone()),
        settings: Arc::new(config.http),
        shutdown: shutdown.clone(),
        metrics: Arc::clone(&metrics),
    };
    let ops_door = ops::Door { upstreams: upstreams.into(), metrics, shutdown: shutdown.clone() };
    tokio::spawn(listener::serve(api, http::router(door), shutdown.clone()));
    // With a shutdown of its own that never comes: operators watch until the very end.
    tokio::spawn(listener::serve(operators, ops::router(ops_door), Shutdown::default()));
    shutdown.run(signals, config.shutdown).await;
    Ok(())
}

async fn bind(door: &str, address: SocketAddr, variable: &'static str) -> Result<TcpListener, StartError> {
    let unable = |error| StartError::Listen { address, variable, error };
    let listener = TcpListener::bind(address).await.map_err(unable)?;
    let bound = listener.local_addr().map_err(unable)?;
    info!(door, address = %bound, "listening");
    Ok(listener)
}

fn upstreams(configs: Vec<UpstreamConfig>, metrics: &Arc<Metrics>) -> Vec<Arc<Upstream>> {
    let upstream = |config: UpstreamConfig| {
        let UpstreamConfig { name, kind, provider, settings } = config;
        Arc::new(Upstream::new(name, kind, provider, settings, Arc::clone(metrics)))
    };
    configs.into_iter().map(upstream).collect()
}

/// Sends one dummy along every upstream, open or closed, and prints a line each. Were all of them taken?
pub async fn probe(config: Config, mut print: impl FnMut(String)) -> bool {
    let mut all_taken = true;
    for upstream in upstreams(config.upstreams, &Arc::new(Metrics::default())) {
        let verdict = upstream.probe(&config.supervisor.dummy()).await;
        all_taken &= verdict.outcome == Outcome::Accepted;
        print(format!("{}: {} ({})", upstream.name, verdict.outcome.as_str(), verdict.reason));
    }
    all_taken
}
