//! One connection: its requests one after the other, until the last one or the shutdown.
//!
//! A request whose head is at fault is answered here, with an empty body: no route may see it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use super::head::{HeadFault, MAX_HEAD_LEN};
use super::limits::Limits;
use super::state::{CloseReason, ConnectionState};
use super::stream::Stream;
use crate::ingress::server::service::Service;
use crate::runtime::metrics::ClientFault;
use crate::runtime::shutdown::Shutdown;

/// The library's buffer, for the longest head and for bytes that are on their way to the reader of a body: they are in no
/// budget. It takes 8 KiB, and more only for a longer head.
const MAX_BUFFER: usize = MAX_HEAD_LEN;
/// How long a head that is on its way when the listeners close may still take.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the answer to the last request may take to be written.
const LAST_ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// What the requests of one connection share.
pub(super) struct Connection {
    service: Arc<Service>,
    shutdown: Shutdown,
    peer: SocketAddr,
    /// The connection is beyond the limit on connections, and gets one request.
    over_capacity: bool,
    state: Arc<ConnectionState>,
}

impl Connection {
    pub(super) fn new(service: Arc<Service>, shutdown: Shutdown, peer: SocketAddr, over_capacity: bool) -> Self {
        Self { service, shutdown, peer, over_capacity, state: Arc::default() }
    }

    /// Serves the connection to its end. Returns what the client did, for metrics, if that ended it.
    pub(super) async fn serve(self, tcp: TcpStream, limits: Limits) -> Option<ClientFault> {
        // Answers are written whole; if the kernel refuses, they are only a little later.
        let _ = tcp.set_nodelay(true);
        let (in_progress, state) = (TaskTracker::new(), Arc::clone(&self.state));
        let mut stream = Stream::new(tcp, limits, in_progress.clone(), Arc::clone(&state));
        if wait_for_first_head(&mut stream, &self.shutdown).await {
            // On the heap: a client that has sent no head is not worth the library's memory.
            Box::pin(Arc::new(self).serve_requests(stream, in_progress)).await;
        }
        state.client_fault()
    }

    async fn serve_requests(self: Arc<Self>, stream: Stream<TcpStream>, in_progress: TaskTracker) {
        let service = service_fn(|request| in_progress.track_future(Arc::clone(&self).answer(request)));
        // Half-closed connections are served on: a mail goes on though its client hangs up, and to look for a hang-up
        // costs each mail in flight a buffer.
        let mut protocol = http1::Builder::new();
        let connection = protocol.max_buf_size(MAX_BUFFER).half_close(true);
        let mut connection = pin!(connection.serve_connection(TokioIo::new(stream), service));
        // The error of a broken connection is of no use: its client is gone.
        tokio::select! {
            _ = connection.as_mut() => return,
            () = self.shutdown.closing() => connection.as_mut().graceful_shutdown(),
        }
        // A request that is here is finished; a head that is still on its way has a little time.
        let last_answer = async {
            sleep(CLOSING_TIMEOUT).await;
            in_progress.close();
            in_progress.wait().await;
            sleep(LAST_ANSWER_TIMEOUT).await;
        };
        tokio::select! {
            _ = connection => {}
            () = last_answer => {}
        }
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let mut response = match self.state.close_reason() {
            Some(CloseReason::BadHead(fault)) => refusal(*fault),
            _ => self.service.answer(request, self.peer, self.over_capacity).await,
        };
        // The library closes the connection after an answer that says so.
        let is_last = self.state.close_reason().is_some() || self.state.is_incomplete();
        if self.over_capacity || is_last || self.shutdown.is_draining() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }
}

fn refusal(fault: HeadFault) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = match fault {
        HeadFault::Ambiguous => StatusCode::BAD_REQUEST,
        HeadFault::UriTooLong => StatusCode::URI_TOO_LONG,
        HeadFault::HeadTooLong => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    };
    response
}

/// Once the listeners close, waits only for a head that is on its way.
async fn wait_for_first_head(stream: &mut Stream<TcpStream>, shutdown: &Shutdown) -> bool {
    tokio::select! {
        is_here = stream.first_head_ready() => return is_here,
        () = shutdown.closing() => {}
    }
    stream.is_in_a_head() && timeout(CLOSING_TIMEOUT, stream.first_head_ready()).await.unwrap_or(false)
}
