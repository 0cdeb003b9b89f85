//! Lines between a mail server and its client, over TCP or TLS.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::time::timeout;

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection.
pub(super) struct Wire(BufReader<Box<dyn Stream>>);

/// Why a conversation goes no further.
pub(super) fn ended() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}

impl Wire {
    pub(super) fn over(stream: impl Stream + 'static) -> Self {
        Self(BufReader::new(Box::new(stream)))
    }

    pub(super) fn into_stream(self) -> Box<dyn Stream> {
        self.0.into_inner()
    }

    /// A whole line, without its end.
    pub(super) async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).await?;
        line.strip_suffix("\r\n").map(str::to_owned).ok_or_else(ended)
    }

    pub(super) async fn say(&mut self, line: &str) -> io::Result<()> {
        self.write(&format!("{line}\r\n")).await
    }

    pub(super) async fn write(&mut self, text: &str) -> io::Result<()> {
        self.0.write_all(text.as_bytes()).await?;
        self.0.flush().await
    }

    /// Says nothing until the client hangs up, or the time is over.
    pub(super) async fn silence(&mut self, time: Duration) -> io::Error {
        let mut rest = Vec::new();
        // Either way that was all.
        let _ = timeout(time, self.0.read_to_end(&mut rest)).await;
        ended()
    }
}
