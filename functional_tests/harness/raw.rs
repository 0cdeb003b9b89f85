//! Bytes on a TCP connection, for what no HTTP client would do: stall a body, announce too much, hang up.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::wait::PATIENCE;

/// A connection.
pub(crate) struct Raw {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Raw {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.expect("the proxy takes connections"), read: Vec::new() }
    }

    pub(crate) async fn write(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.expect("the proxy reads on");
    }

    /// Reads until the text so far holds `end`; panics with it when the connection ends or stays silent.
    /// Says that nothing more is to come.
    pub(crate) async fn shut(&mut self) {
        self.stream.shutdown().await.expect("the other side is there");
    }

    pub(crate) async fn read_until(&mut self, end: &str) -> String {
        while !self.text().contains(end) {
            assert!(self.read_more().await, "no {end:?} in {:?}", self.text());
        }
        self.text()
    }

    /// Reads until the other side closes; a reset after an answer is a close too.
    pub(crate) async fn read_to_end(&mut self) -> String {
        while self.read_more().await {}
        self.text()
    }

    async fn read_more(&mut self) -> bool {
        let reading = timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await;
        let count = reading.unwrap_or_else(|_| panic!("silence for {PATIENCE:?} after {:?}", self.text()));
        count.is_ok_and(|count| count > 0)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.read).into_owned()
    }
}

/// The head of a `POST /email`, with these further lines.
pub(crate) fn head(further: &[&str]) -> String {
    let lines = ["POST /email HTTP/1.1", "host: smsp", "content-type: application/json"];
    let all: Vec<_> = lines.iter().chain(further).copied().collect();
    format!("{}\r\n\r\n", all.join("\r\n"))
}
