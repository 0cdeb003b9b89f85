//! One connection: its requests one after the other, until it has had its last one or everything ends.
//!
//! A request whose head is at fault is answered here, with an empty body: no door should see it.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
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
use tower::ServiceExt;

use super::Limits;
use super::head::{self, Fault};
use super::signs::{Last, Signs};
use super::stream::Stream;
use crate::runtime::shutdown::Shutdown;

/// The library's own, for the longest head, and for bytes that are on their way to whoever reads the body: they are in no
/// budget. It takes 8 KiB, and more only for a longer head.
const BUFFER: usize = head::LONGEST;
/// For the headers of a request that are still on their way when the listeners close.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(5);
/// For the answer of the last request to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// There are more connections than we want: this request is on one of those that are too many.
#[derive(Clone, Copy, Debug)]
pub struct Crowded;

/// What the requests of one connection share.
struct Requests {
    router: Router,
    shutdown: Shutdown,
    signs: Arc<Signs>,
    crowded: bool,
}

impl Requests {
    async fn answer(self: Arc<Self>, mut request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        if self.crowded {
            request.extensions_mut().insert(Crowded);
        }
        let mut response = match self.signs.last() {
            Some(Last::Faulty(fault)) => refusal(*fault),
            _ => self.router.clone().oneshot(request).await?,
        };
        // Said in the answer to the last one, after which the library closes the connection.
        let last = self.signs.last().is_some() || self.signs.is_incomplete();
        if self.crowded || last || self.shutdown.is_draining() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }
}

fn refusal(fault: Fault) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = match fault {
        Fault::Ambiguous => StatusCode::BAD_REQUEST,
        Fault::UriTooLong => StatusCode::URI_TOO_LONG,
        Fault::HeadTooLong => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    };
    response
}

/// Serves one connection; a `crowded` one for a single request. What its caller did, if that ended it.
pub(super) async fn serve(
    tcp: TcpStream,
    router: Router,
    shutdown: Shutdown,
    limits: Limits,
    crowded: bool,
) -> Option<&'static str> {
    // Answers are written whole; if the kernel refuses, they are only a little later.
    let _ = tcp.set_nodelay(true);
    let (pending, signs) = (TaskTracker::new(), Arc::new(Signs::default()));
    let mut stream = Stream::new(tcp, limits, pending.clone(), Arc::clone(&signs));
    if begins(&mut stream, &shutdown).await {
        let requests = Arc::new(Requests { router, shutdown: shutdown.clone(), signs: Arc::clone(&signs), crowded });
        // On the heap: who has shown no head is not worth the library's memory.
        Box::pin(converse(stream, requests, pending, &shutdown)).await;
    }
    signs.fault()
}

/// Waits for the first head; once the doors close, only for one that is on its way.
async fn begins(stream: &mut Stream<TcpStream>, shutdown: &Shutdown) -> bool {
    tokio::select! {
        begun = stream.begun() => return begun,
        () = shutdown.closing() => {}
    }
    stream.is_in_a_head() && timeout(CLOSING_TIMEOUT, stream.begun()).await.unwrap_or(false)
}

async fn converse(stream: Stream<TcpStream>, requests: Arc<Requests>, pending: TaskTracker, shutdown: &Shutdown) {
    let service = service_fn(|request| pending.track_future(Arc::clone(&requests).answer(request)));
    // Who has hung up is not looked for: his mail goes on anyway, and the look costs each mail in flight a buffer.
    let mut protocol = http1::Builder::new();
    let connection = protocol.max_buf_size(BUFFER).half_close(true).serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // A broken connection has nobody left to tell.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = shutdown.closing() => connection.as_mut().graceful_shutdown(),
    }
    // Whoever is still writing headers is not waited for; a request that is here is finished.
    let idle = async {
        sleep(CLOSING_TIMEOUT).await;
        pending.close();
        pending.wait().await;
        sleep(LAST_WORDS).await;
    };
    tokio::select! {
        _ = connection => {}
        () = idle => {}
    }
}
