//! The accept loop of a door: HTTP/1.1 over TCP, so many connections at most, an end to slow callers, and to everything
//! on shutdown.
//!
//! A loop of our own because `axum::serve` has no limit at all. It stops accepting when told, lets each connection
//! finish its request, and says `Connection: close` on it. From the [`Limits::max_connections`] on a few more are served
//! in need, so that a load balancer still learns that this node lives; beyond those they are dropped at once.

mod connection;
mod head;
mod signs;
mod stream;

use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tracing::warn;

pub use connection::Crowded;

use crate::runtime::metrics::Metrics;
use crate::runtime::shutdown::Shutdown;

/// Served in need beyond the limit.
const RESERVE: usize = 64;
/// Out of file descriptors: it is no use asking again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a door grants its callers.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the head of a request.
    pub header_timeout: Duration,
    /// For a kept connection without a request, and for an answer to be taken.
    pub idle_timeout: Duration,
    /// Connections at a time.
    pub max_connections: usize,
}

impl Limits {
    /// More than a node has ports and file descriptors for.
    pub const MAX_CONNECTIONS: usize = 1_000_000;
    /// Operators are few.
    pub const OPS: Self =
        Self { header_timeout: Duration::from_secs(5), idle_timeout: Duration::from_secs(60), max_connections: 256 };
}

/// Serves until the shutdown closes the door. Its connections are work that the shutdown waits for.
pub async fn serve(listener: TcpListener, router: Router, shutdown: Shutdown, limits: Limits, metrics: Arc<Metrics>) {
    let places = Arc::new(Semaphore::new(limits.max_connections + RESERVE));
    let mut failing = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.closing() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                failing = false;
                let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                    metrics.edge.shed("connections");
                    continue;
                };
                let crowded = places.available_permits() < RESERVE;
                let open = metrics.edge.connection();
                let served = connection::serve(stream, router.clone(), shutdown.clone(), limits, crowded);
                let metrics = Arc::clone(&metrics);
                shutdown.spawn(async move {
                    if let Some(reason) = served.await {
                        metrics.edge.connection_closed(reason);
                    }
                    drop((place, open));
                });
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // One line for as long as it lasts.
                if !std::mem::replace(&mut failing, true) {
                    warn!(%error, "cannot accept connections");
                }
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Is only the connection gone that would have been accepted, rather than the means to accept any?
fn is_of_one_connection(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_hinders_every_connection_pauses_the_accepting() {
        // ECONNABORTED, ECONNREFUSED, ECONNRESET, and then EMFILE, ENFILE, ENOMEM.
        for (codes, of_one) in [([103, 111, 104], true), ([24, 23, 12], false)] {
            for code in codes {
                assert_eq!(is_of_one_connection(&Error::from_raw_os_error(code)), of_one, "{code}");
            }
        }
    }
}
