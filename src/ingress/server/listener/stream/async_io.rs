//! How the HTTP library reads and writes a [`Stream`]: a head, its body, the next head; every write with an end.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::{LINGER, Position, Stream, give};

/// Given to the library at a time: a read that fills its 8 KiB would make it take 16 for the next one, and keep them.
const MAX_READ: u64 = 8 * 1024 - 1;

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            match this.position {
                Position::Head => {
                    if !ready!(this.poll_head(cx))? {
                        return Poll::Ready(Ok(()));
                    }
                }
                Position::ForwardingHead(body) => {
                    let head = give(&mut this.head, buf, MAX_READ);
                    if this.head.is_empty() {
                        // What is here of its body goes along: to the library it is one read.
                        let here = give(&mut this.read, buf, body.unwrap_or(0).min(MAX_READ - head));
                        this.position = body.map_or(Position::Rest, |length| Position::Body(length - here));
                    }
                    return Poll::Ready(Ok(()));
                }
                Position::Body(0) => this.position = Position::Head,
                Position::Body(left) => {
                    let count = ready!(this.poll_body(cx, buf, left.min(MAX_READ)))?;
                    this.position = Position::Body(left - count);
                    return Poll::Ready(Ok(()));
                }
                Position::Rest => {
                    ready!(this.poll_body(cx, buf, MAX_READ))?;
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.tcp).poll_write(cx, buf);
        this.written(cx, buf.len(), done)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.tcp).poll_write_vectored(cx, bufs);
        this.written(cx, bufs.iter().map(|buf| buf.len()).sum(), done)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_flush(cx)
    }

    /// Lingers while the client still sends, so that it can read why we stopped.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.tcp).poll_shutdown(cx))?;
        }
        if matches!(this.position, Position::Head | Position::Body(0)) {
            return Poll::Ready(Ok(()));
        }
        let end = *this.linger.get_or_insert_with(|| Instant::now() + LINGER);
        loop {
            if this.is_over(end, cx) {
                return Poll::Ready(Ok(()));
            }
            this.read.clear();
            if ready!(this.poll_chunk(cx))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
