//! A TCP relay that may change what goes through it.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Passes one request per connection on, and the answer back.
pub(crate) struct Relay {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Relay {
    /// In front of `url`; what it finds of `from` in a request becomes `to`, of the same length.
    pub(crate) async fn before(url: &str, from: &'static str, to: &'static str) -> Self {
        assert_eq!(from.len(), to.len(), "the length is in a header");
        let target = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(pass(stream, target.clone(), from, to));
            }
        });
        Self { address, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass(mut caller: TcpStream, target: String, from: &str, to: &str) {
    let mut request = Vec::new();
    while !is_whole(&request) {
        if caller.read_buf(&mut request).await.is_ok_and(|count| count > 0) {
            continue;
        }
        return;
    }
    let changed = String::from_utf8_lossy(&request).replace(from, to);
    let mut provider = TcpStream::connect(target).await.expect("the target listens");
    provider.write_all(changed.as_bytes()).await.expect("the target reads");
    // The side that goes first ends it; what the caller then misses, its test sees.
    let _ = copy(&mut provider, &mut caller).await;
}

/// Headers, and as much body as they announce.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split_once("content-length: ").and_then(|(_, rest)| rest.lines().next()?.parse().ok());
    body.len() >= length.unwrap_or(0)
}
