//! A host with one file for tests, and a client that trusts it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::Certificate;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, spawn};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::{Guard, GuardedClient, builder};
use crate::runtime::net::dns::Dns;

/// A running one.
pub struct FileServer {
    port: u16,
    authority: Certificate,
    requests: Arc<AtomicUsize>,
    task: AbortHandle,
}

impl Drop for FileServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FileServer {
    /// On loopback, with a certificate for this name; says what `answer` has for the n-th request, and nothing if that is
    /// empty.
    pub async fn start(name: &str, answer: impl Fn(usize) -> String + Send + 'static) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = config.with_single_cert(vec![own.der().clone()], key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let authority = Certificate::from_der(authority.der()).unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let task = spawn(serve(listener, Arc::new(config).into(), answer, Arc::clone(&requests))).abort_handle();
        Self { port, authority, requests, task }
    }

    /// Trusts it, and goes to its port.
    pub fn client(&self, dns: Arc<Dns>, allow_private: bool) -> GuardedClient {
        let guard = Guard { dns, allow_private, port: self.port };
        GuardedClient { http: builder(guard).tls_certs_only([self.authority.clone()]).build().unwrap() }
    }

    /// How many requests it has heard.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// One connection after another.
async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    answer: impl Fn(usize) -> String,
    requests: Arc<AtomicUsize>,
) {
    let mut silent = Vec::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = acceptor.accept(stream).await.map(BufReader::new) else { continue };
        let mut line = String::new();
        while stream.read_line(&mut line).await.is_ok_and(|size| size > 2) {
            line.clear();
        }
        let answer = answer(requests.fetch_add(1, Ordering::SeqCst));
        if answer.is_empty() {
            silent.push(stream);
            continue;
        }
        // The client may have gone.
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

/// An answer of HTTP with this status line and body.
pub fn http(status: &str, body: &str) -> String {
    let head =
        "content-type: Text/Plain; charset=utf-8\r\nconnection: close\r\nlocation: https://elsewhere.example.org/";
    format!("HTTP/1.1 {status}\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}
