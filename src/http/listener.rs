//! The accept loop of a door: HTTP/1.1 over TCP, with an end to slow headers and to everything on shutdown.
//!
//! A loop of our own because `axum::serve` has no header timeout. It stops accepting when told, lets each connection
//! finish its request, and says `Connection: close` on it.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::shutdown::Shutdown;

/// For the headers of a request, and so also for the next request of a kept connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// For the headers of a request that are still on their way when the listeners close.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(5);
/// For the answer of the last request to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Out of file descriptors: it is no use asking again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until the shutdown closes the door. Its connections are work that the shutdown waits for.
pub async fn serve(listener: TcpListener, router: Router, shutdown: Shutdown) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.closing() => return,
        };
        match accepted {
            Ok((stream, _)) => drop(shutdown.spawn(connection(stream, router.clone(), shutdown.clone()))),
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, router: Router, shutdown: Shutdown) {
    // Answers are written whole; if the kernel refuses, they are only a little later.
    let _ = stream.set_nodelay(true);
    let requests = TaskTracker::new();
    let service = TowerToHyperService::new(router);
    let counted = service_fn(|request| requests.track_future(service.call(request)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), counted);
    let mut connection = pin!(connection);
    // A broken connection has nobody left to tell.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = shutdown.closing() => connection.as_mut().graceful_shutdown(),
    }
    // Whoever is still writing headers is not waited for; a request that is here is finished.
    let idle = async {
        sleep(CLOSING_TIMEOUT).await;
        requests.close();
        requests.wait().await;
        sleep(LAST_WORDS).await;
    };
    tokio::select! {
        _ = connection => {}
        () = idle => {}
    }
}
