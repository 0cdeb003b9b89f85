//! The accept loop: HTTP/1.1 over TCP with a limit on connections, an end to slow clients, and an end to everything on
//! shutdown.
//!
//! By hand because `axum::serve` has no limit of any kind, neither on connections nor on the time of a client. The loop
//! stops accepting when told; each connection finishes its request and says `Connection: close` on it. From
//! [`Limits::max_connections`] on, [`RESERVE`] more connections get one request each, which the
//! [`Service`] may refuse, so that a load balancer still learns that this node lives; more than those are dropped at once.

mod connection;
mod head;
pub mod limits;
mod state;
mod stream;

use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tracing::warn;

use super::service::Service;
use crate::runtime::metrics::{Listener, Metrics, ShedReason};
use crate::runtime::shutdown::Shutdown;
use connection::Connection;
pub use limits::Limits;

/// Connections that are served over capacity, one request each.
const RESERVE: usize = 64;
/// The pause after an error that hinders every connection, such as no free file descriptor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until the shutdown closes the listener. Its connections are work that the shutdown waits for.
pub async fn serve(
    listener: TcpListener,
    service: Service,
    shutdown: Shutdown,
    limits: Limits,
    name: Listener,
    metrics: Arc<Metrics>,
) {
    metrics.limits.set_connections(name, limits.max_connections);
    let permits = Arc::new(Semaphore::new(limits.max_connections + RESERVE));
    let service = Arc::new(service);
    let mut is_failing = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.closing() => return,
        };
        match accepted {
            Ok((tcp, peer)) => {
                is_failing = false;
                let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else {
                    metrics.edge.shed(ShedReason::Connections);
                    continue;
                };
                let over_capacity = permits.available_permits() < RESERVE;
                let connection = Connection::new(Arc::clone(&service), shutdown.clone(), peer, over_capacity);
                let (open, metrics) = (metrics.edge.connection(name), Arc::clone(&metrics));
                shutdown.spawn(async move {
                    if let Some(reason) = connection.serve(tcp, limits).await {
                        metrics.edge.connection_closed(reason);
                    }
                    drop((permit, open));
                });
            }
            Err(error) if is_per_connection(&error) => {}
            Err(error) => {
                // One line in the log for as long as it lasts.
                if !std::mem::replace(&mut is_failing, true) {
                    warn!(%error, "cannot accept connections");
                }
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Does the error concern only the connection that would have been accepted?
fn is_per_connection(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_that_hinder_every_connection_pause_the_accept_loop() {
        // ECONNABORTED, ECONNREFUSED, ECONNRESET, and then EMFILE, ENFILE, ENOMEM.
        for (codes, per_connection) in [([103, 111, 104], true), ([24, 23, 12], false)] {
            for code in codes {
                assert_eq!(is_per_connection(&Error::from_raw_os_error(code)), per_connection, "{code}");
            }
        }
    }
}
