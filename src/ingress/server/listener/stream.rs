//! A connection as the HTTP library reads it, one request at a time: each head whole and within its time, then as much
//! body as the head has announced, and nothing of the next request before the library asks for it.
//!
//! By hand because the library limits a head in time, but neither an idle connection nor the time a client takes to read
//! an answer. A head has its timeout from its first byte on (the first head from the connection's start, one that began
//! behind the last request from the answer to that); a kept connection without a request has its idle timeout, and so has
//! an answer that the client does not take. Empty lines before a head are no part of it: they begin nothing and prolong
//! nothing. A head at fault never reaches the library. Deliberately absent: a limit on the time of a body, which the
//! reader of the body keeps.

mod async_io;

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::task::TaskTracker;

use super::head::{self, Body};
use super::limits::Limits;
use super::state::{CloseReason, ConnectionState};

/// Bytes that are read at a time while a head is on its way: most requests come whole, and one that fills less shows
/// without another call that no more is here.
const CHUNK: usize = 8 * 1024;
/// How long a client that still sends may take to read our answer: if we closed at once, its kernel would drop the answer.
const LINGER: Duration = Duration::from_secs(2);
/// Empty lines before a request line that are ignored (RFC 9112, section 2.2): some clients end a body with one.
const MAX_EMPTY_LINES: u8 = 2;
/// What the library reads in place of a head at fault, which it might read in another way, or wait for the end of.
const PLACEHOLDER_HEAD: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

/// Where in the requests the reader is.
enum Position {
    /// In a head, or before one.
    Head,
    /// A head is being forwarded; a body of this length follows.
    ForwardingHead(Option<u64>),
    /// In a body, with so many bytes to come.
    Body(u64),
    /// Behind the last head whose end was certain.
    Rest,
}

/// One connection with the limits on it.
pub(super) struct Stream<T> {
    tcp: T,
    limits: Limits,
    position: Position,
    /// Bytes that were read and are not forwarded yet.
    read: BytesMut,
    /// The head that is being forwarded.
    head: BytesMut,
    state: Arc<ConnectionState>,
    requests: TaskTracker,
    /// When the next head must be complete, or begin.
    due: Instant,
    /// Was there a request on it before?
    kept: bool,
    /// Does the time of the next head run already, rather than that of an idle connection?
    head_begun: bool,
    /// Empty lines that were ignored before the next head.
    empty_lines: u8,
    /// When the client must have taken the answer that is being written.
    write_due: Option<Instant>,
    linger: Option<Instant>,
    clock: Pin<Box<Sleep>>,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream<T> {
    /// `requests` tracks the requests that are being answered.
    pub(super) fn new(tcp: T, limits: Limits, requests: TaskTracker, state: Arc<ConnectionState>) -> Self {
        let due = Instant::now() + limits.header_timeout;
        let (read, head) = (BytesMut::new(), BytesMut::new());
        let clock = Box::pin(sleep_until(due));
        let (position, kept, head_begun, empty_lines) = (Position::Head, false, false, 0);
        let (write_due, linger) = (None, None);
        Self {
            tcp,
            limits,
            position,
            read,
            head,
            state,
            requests,
            due,
            kept,
            head_begun,
            empty_lines,
            write_due,
            linger,
            clock,
        }
    }

    /// Waits until the first head is complete; false if the connection ends before.
    pub(super) async fn first_head_ready(&mut self) -> bool {
        matches!(poll_fn(|cx| self.poll_head(cx)).await, Ok(true))
    }

    /// Is some of a head here? Half an empty line is none of it.
    pub(super) fn is_in_a_head(&self) -> bool {
        !matches!(&self.read[..], [] | [b'\r'])
    }

    /// Has this time come? If not, wakes the task when it comes.
    fn is_over(&mut self, end: Instant, cx: &mut Context<'_>) -> bool {
        if self.clock.deadline() != end {
            self.clock.as_mut().reset(end);
        }
        self.clock.as_mut().poll(cx).is_ready()
    }

    /// Reads on until a head is complete; false at the end of the stream.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        loop {
            self.skip_empty_lines();
            if self.kept && !self.head_begun && self.is_in_a_head() {
                self.head_begun = true;
                self.due = Instant::now() + self.next_timeout();
            }
            if let Some(length) = head::end(&self.read) {
                self.head = self.read.split_to(length);
                self.forward_head();
                return Poll::Ready(Ok(true));
            }
            if self.read.len() >= head::MAX_HEAD_LEN {
                let fault = head::too_long(&self.read);
                self.close_after(CloseReason::BadHead(fault));
                return Poll::Ready(Ok(true));
            }
            match self.poll_chunk(cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(false)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(_)) => {}
                Poll::Pending => {
                    ready!(self.poll_due(cx));
                    return Poll::Ready(Err(self.timed_out()));
                }
            }
        }
    }

    /// Drops empty lines up to the limit. Further ones are a head at fault, so that a client that sends nothing else is
    /// refused.
    fn skip_empty_lines(&mut self) {
        while self.empty_lines < MAX_EMPTY_LINES && self.read.starts_with(b"\r\n") {
            self.empty_lines += 1;
            self.read.advance(2);
            if self.read.is_empty() {
                self.read = BytesMut::new();
            }
        }
    }

    /// How long a kept connection may take for what is next.
    fn next_timeout(&self) -> Duration {
        if self.head_begun { self.limits.header_timeout } else { self.limits.idle_timeout }
    }

    /// Reads by way of the stack, so that a silent connection holds no memory.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut space = [const { MaybeUninit::uninit() }; CHUNK];
        let mut chunk = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut chunk))?;
        self.read.extend_from_slice(chunk.filled());
        Poll::Ready(Ok(chunk.filled().len()))
    }

    /// Waits for the end of the client's time, which does not run while a request is being answered.
    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.is_over(self.write_due.unwrap_or(self.due), cx) {
            if self.write_due.is_some() || self.requests.is_empty() {
                return Poll::Ready(());
            }
            self.due = Instant::now() + self.next_timeout();
        }
        Poll::Pending
    }

    fn forward_head(&mut self) {
        (self.kept, self.head_begun, self.empty_lines) = (true, false, 0);
        match head::read(&self.head) {
            Ok(Body::Sized(length)) => {
                self.position = Position::ForwardingHead(Some(length));
                self.state.expect_body(length.saturating_sub(self.read.len() as u64));
            }
            Ok(Body::Chunked) => self.close_after(CloseReason::Chunked),
            Err(fault) => self.close_after(CloseReason::BadHead(fault)),
        }
    }

    fn close_after(&mut self, last: CloseReason) {
        if matches!(last, CloseReason::BadHead(_)) {
            self.head = BytesMut::from(PLACEHOLDER_HEAD);
        }
        self.position = Position::ForwardingHead(None);
        self.state.close_after(last);
    }

    /// Reads some of a body, at most `most` bytes.
    fn poll_body(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>, most: u64) -> Poll<io::Result<u64>> {
        if !self.read.is_empty() {
            return Poll::Ready(Ok(give(&mut self.read, buf, most)));
        }
        let most = at_most(buf.remaining(), most);
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut part))?;
        let count = part.filled().len();
        buf.advance(count);
        self.state.receive_body(count as u64);
        Poll::Ready(Ok(count as u64))
    }

    /// Notes how much of an answer the client has taken; an error if it has taken none in time.
    fn written(&mut self, cx: &mut Context<'_>, all: usize, done: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let now = Instant::now();
        if matches!(done, Poll::Ready(Ok(count)) if count == all) {
            self.write_due = None;
            self.due = now + self.next_timeout();
            // The library may wait for the next request already: its clock is set anew.
            let _ = self.is_over(self.due, cx);
            return done;
        }
        let end = *self.write_due.get_or_insert(now + self.limits.idle_timeout);
        if self.is_over(end, cx) { Poll::Ready(Err(self.timed_out())) } else { done }
    }

    /// The error at the end of a time-out. A kept connection may be idle until then: that is no fault of the client.
    fn timed_out(&self) -> io::Error {
        if self.write_due.is_some() || self.is_in_a_head() || !self.kept {
            self.state.mark_slow();
        }
        io::ErrorKind::TimedOut.into()
    }
}

fn at_most(count: usize, most: u64) -> usize {
    count.min(usize::try_from(most).unwrap_or(usize::MAX))
}

/// Moves at most `most` bytes on.
fn give(from: &mut BytesMut, to: &mut ReadBuf<'_>, most: u64) -> u64 {
    let count = at_most(from.len().min(to.remaining()), most);
    to.put_slice(&from[..count]);
    from.advance(count);
    if from.is_empty() {
        // A client that waits for an answer, or is idle, holds no memory here.
        *from = BytesMut::new();
    }
    count as u64
}

#[cfg(test)]
mod tests;
