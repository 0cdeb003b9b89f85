//! A provider whose every byte a test writes itself, for what is no answer at all.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};

use super::stub_provider::RefusingPort;

/// A stub.
pub(crate) struct RawProvider {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    received: Received,
    accepting: JoinHandle<()>,
}

/// Everything that all connections have brought.
#[derive(Clone, Default)]
pub(crate) struct Received(Arc<Mutex<Vec<u8>>>);

/// One connection to the stub; it closes when the script drops it.
pub(crate) struct Conversation {
    pub(crate) stream: TcpStream,
    received: Received,
}

impl RawProvider {
    /// Does this with every connection.
    pub(crate) async fn start<F>(script: impl Fn(Conversation) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = RefusingPort::reserve().listen();
        let address = listener.local_addr().expect("a listener has an address");
        let (connections, received) = (Arc::new(AtomicUsize::new(0)), Received::default());
        let (count, all) = (connections.clone(), received.clone());
        let accepting = tokio::spawn(async move {
            let mut scripts = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                scripts.spawn(script(Conversation { stream, received: all.clone() }));
            }
        });
        Self { address, connections, received, accepting }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Everything that was read, as text.
    pub(crate) fn received(&self) -> String {
        String::from_utf8_lossy(&self.received.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Drop for RawProvider {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Conversation {
    /// Reads a request to the end of its body, whose length its head states.
    pub(crate) async fn request(&mut self) {
        let mut request = Vec::new();
        while !is_whole(&request) {
            let count = self.read(&mut request).await;
            assert!(count > 0, "the request broke off");
        }
    }

    /// Reads what is there; 0 at the end.
    pub(crate) async fn read(&mut self, into: &mut Vec<u8>) -> usize {
        let start = into.len();
        let count = self.stream.read_buf(into).await.unwrap_or_default();
        self.received.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&into[start..]);
        count
    }

    /// Reads at most so much of what is there; 0 at the end.
    pub(crate) async fn read_at_most(&mut self, most: usize, into: &mut Vec<u8>) -> usize {
        let mut bytes = vec![0; most];
        let count = self.stream.read(&mut bytes).await.unwrap_or_default();
        into.extend_from_slice(&bytes[..count]);
        self.received.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&bytes[..count]);
        count
    }

    /// Writes; has the other side stayed?
    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Waits for the other side to end it.
    pub(crate) async fn ends(&mut self) {
        while self.read(&mut Vec::new()).await > 0 {}
    }

    /// Resets the connection.
    pub(crate) fn reset(self) {
        self.stream.set_zero_linger().expect("a TCP stream can be told to reset");
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or_else(|| panic!("no length: {head}"))
}
