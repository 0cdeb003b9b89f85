//! Bare proxies of the libraries that smsp is made of: what a mail costs before any of our code runs.
//!
//! `bare CLIENT RUNTIME PORT PROVIDER` listens on 127.0.0.1:PORT with hyper's server and posts every body to PROVIDER.
//! CLIENT is `hyper` (one connection for each of the caller's), `hyper-util` (the pool under reqwest) or `reqwest`;
//! RUNTIME is `current` (a thread) or `multi` (a worker). For `scripts/bench`; it checks nothing and logs nothing.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has no figure")]

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::Mutex;

const JSON: &str = "application/json";
const KEY: &str = "Bearer k";

/// Who posts for one caller's connection.
#[derive(Clone)]
enum Poster {
    Hyper(Arc<Mutex<SendRequest<Full<Bytes>>>>),
    HyperUtil(Box<Client<HttpConnector, Full<Bytes>>>),
    Reqwest(reqwest::Client),
}

impl Poster {
    fn new(client: &str) -> Option<Self> {
        match client {
            "hyper-util" => Some(Self::HyperUtil(Client::builder(TokioExecutor::new()).build_http().into())),
            "reqwest" => Some(Self::Reqwest(reqwest::Client::builder().no_proxy().build().expect("a client"))),
            _ => None,
        }
    }

    async fn connect(provider: &Uri) -> Self {
        let authority = provider.authority().expect("a host and a port").as_str();
        let stream = TcpStream::connect(authority).await.expect("the provider");
        stream.set_nodelay(true).expect("a socket");
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        Self::Hyper(Arc::new(Mutex::new(sender)))
    }

    async fn post(&self, provider: Uri, mail: Bytes) -> StatusCode {
        let request = || {
            let request = Request::post(provider.clone()).header(AUTHORIZATION, KEY).header(CONTENT_TYPE, JSON);
            request.body(Full::new(mail.clone())).expect("a request")
        };
        let response = match self {
            Self::Reqwest(client) => {
                let request = client.post(provider.to_string()).header(AUTHORIZATION, KEY).header(CONTENT_TYPE, JSON);
                let response = request.body(mail).send().await.expect("an answer");
                let status = response.status();
                response.bytes().await.expect("a body");
                return status;
            }
            Self::HyperUtil(client) => client.request(request()).await,
            Self::Hyper(sender) => {
                let (mut request, mut sender) = (request(), sender.lock().await);
                request.headers_mut().insert(HOST, "provider".parse().expect("a host"));
                sender.ready().await.expect("a connection");
                let response = sender.send_request(request).await.expect("an answer");
                let status = response.status();
                response.into_body().collect().await.expect("a body");
                return status;
            }
        };
        let response = response.expect("an answer");
        let status = response.status();
        response.into_body().collect().await.expect("a body");
        status
    }
}

async fn serve(listener: TcpListener, provider: Uri, shared: Option<Poster>) {
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let (provider, shared) = (provider.clone(), shared.clone());
        tokio::spawn(async move {
            let poster = match shared {
                Some(poster) => poster,
                None => Poster::connect(&provider).await,
            };
            let service = service_fn(async |request: Request<Incoming>| {
                let mail = request.into_body().collect().await.expect("a mail").to_bytes();
                let mut response = Response::new(Full::new(Bytes::from_static(b"{}")));
                *response.status_mut() = poster.post(provider.clone(), mail).await;
                Ok::<_, Infallible>(response)
            });
            // Who hangs up ends only its own connection.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [client, runtime, port, provider] = &arguments[..] else { return };
    let mut builder = if runtime == "current" { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.worker_threads(1).enable_all().build().expect("a runtime").block_on(async {
        let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await.expect("a port");
        let serving = serve(listener, provider.parse().expect("a URL"), Poster::new(client));
        // On a worker, as everything else; a task of `block_on` is on none.
        tokio::spawn(serving).await.expect("no end");
    });
}
