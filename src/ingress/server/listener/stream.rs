//! A caller's end of a connection, read a request at a time: each head whole and within its time, then as much body as
//! it has announced, and nothing of the next request before that is due.
//!
//! Slow peers end here: a head has its timeout from its first byte on (the first one from the connection's start, one
//! that began behind the last request from its answer), a kept connection without a request its idle time, an answer
//! that its caller does not take the same. Empty lines before a head are no part of it: they begin nothing and prolong
//! nothing. A head at fault never reaches the library. How long a body may take is for whoever reads it.

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

use super::Limits;
use super::head::{self, Body};
use super::signs::{Last, Signs};

/// Read at a time while a head is on its way: most mails come whole, and one that fills less shows without another
/// call that no more is here.
const CHUNK: usize = 8 * 1024;
/// For a caller to read our last words, when we do not read his: or his kernel would throw them away.
const LINGER: Duration = Duration::from_secs(2);
/// Empty lines before a request line that are ignored (RFC 9112, section 2.2): some callers end a body with one.
const MAX_EMPTY_LINES: u8 = 2;
/// What the library is given to read in place of a head at fault, which it might read in another way, or wait for.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

/// Where the reader stands.
enum Place {
    /// In a head, or before one.
    Head,
    /// A head is handed on; this follows.
    HandingOn(Option<u64>),
    /// In a body, with so many bytes to come.
    Body(u64),
    /// Behind the last head that could be told from what follows it.
    Rest,
}

/// A watched connection.
pub(super) struct Stream<T> {
    tcp: T,
    limits: Limits,
    place: Place,
    /// What was read and is not handed on yet.
    read: BytesMut,
    /// Of that, the head that is being handed on.
    head: BytesMut,
    signs: Arc<Signs>,
    requests: TaskTracker,
    /// When the next head must be here, or begin.
    due: Instant,
    /// Was there a request on it before?
    kept: bool,
    /// Does the time of the next head run already, rather than that of an idle connection?
    head_begun: bool,
    /// Those that were ignored before the next head.
    empty_lines: u8,
    /// When the answer that is being written must be taken.
    write_due: Option<Instant>,
    linger: Option<Instant>,
    clock: Pin<Box<Sleep>>,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream<T> {
    /// `requests` are those that are being answered.
    pub(super) fn new(tcp: T, limits: Limits, requests: TaskTracker, signs: Arc<Signs>) -> Self {
        let due = Instant::now() + limits.header_timeout;
        let (read, head) = (BytesMut::new(), BytesMut::new());
        let clock = Box::pin(sleep_until(due));
        let (place, kept, head_begun, empty_lines) = (Place::Head, false, false, 0);
        let (write_due, linger) = (None, None);
        Self {
            tcp,
            limits,
            place,
            read,
            head,
            signs,
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

    /// Waits until the first head is here; not, if the connection ends before.
    pub(super) async fn begun(&mut self) -> bool {
        matches!(poll_fn(|cx| self.poll_head(cx)).await, Ok(true))
    }

    /// Is some of a head here? Half an empty line is none of it.
    pub(super) fn is_in_a_head(&self) -> bool {
        !matches!(&self.read[..], [] | [b'\r'])
    }

    /// Is it over? Otherwise the task is woken then.
    fn is_over(&mut self, end: Instant, cx: &mut Context<'_>) -> bool {
        if self.clock.deadline() != end {
            self.clock.as_mut().reset(end);
        }
        self.clock.as_mut().poll(cx).is_ready()
    }

    /// Reads on until a head is whole. An end of the stream is one for the library too.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        loop {
            self.skip_empty_lines();
            if self.kept && !self.head_begun && self.is_in_a_head() {
                self.head_begun = true;
                self.due = Instant::now() + self.next_timeout();
            }
            if let Some(length) = head::end(&self.read) {
                self.head = self.read.split_to(length);
                self.hand_on();
                return Poll::Ready(Ok(true));
            }
            if self.read.len() >= head::LONGEST {
                let fault = head::too_long(&self.read);
                self.end_with(Last::Faulty(fault));
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

    /// Further ones are a head that is at fault: a caller with nothing else to say comes to an end.
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

    /// By way of the stack: who is silent holds no memory.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut space = [const { MaybeUninit::uninit() }; CHUNK];
        let mut chunk = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut chunk))?;
        self.read.extend_from_slice(chunk.filled());
        Poll::Ready(Ok(chunk.filled().len()))
    }

    /// Waits for the end of the caller's time. While an answer is on its way, he has time.
    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.is_over(self.write_due.unwrap_or(self.due), cx) {
            if self.write_due.is_some() || self.requests.is_empty() {
                return Poll::Ready(());
            }
            self.due = Instant::now() + self.next_timeout();
        }
        Poll::Pending
    }

    fn hand_on(&mut self) {
        (self.kept, self.head_begun, self.empty_lines) = (true, false, 0);
        match head::read(&self.head) {
            Ok(Body::Sized(length)) => {
                self.place = Place::HandingOn(Some(length));
                self.signs.expect(length.saturating_sub(self.read.len() as u64));
            }
            Ok(Body::Chunked) => self.end_with(Last::Chunked),
            Err(fault) => self.end_with(Last::Faulty(fault)),
        }
    }

    fn end_with(&mut self, last: Last) {
        if matches!(last, Last::Faulty(_)) {
            self.head = BytesMut::from(STAND_IN);
        }
        self.place = Place::HandingOn(None);
        self.signs.end_with(last);
    }

    /// Some of a body, at most `most` bytes.
    fn poll_body(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>, most: u64) -> Poll<io::Result<u64>> {
        if !self.read.is_empty() {
            return Poll::Ready(Ok(give(&mut self.read, buf, most)));
        }
        let most = at_most(buf.remaining(), most);
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut part))?;
        let count = part.filled().len();
        buf.advance(count);
        self.signs.receive(count as u64);
        Poll::Ready(Ok(count as u64))
    }

    /// An answer is taken, some of it, or none of it in time.
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

    /// A kept connection may be idle until its time is over: that is no fault.
    fn timed_out(&self) -> io::Error {
        if self.write_due.is_some() || self.is_in_a_head() || !self.kept {
            self.signs.give_up();
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
        // Who waits for an answer, or is idle, holds no memory here.
        *from = BytesMut::new();
    }
    count as u64
}

#[cfg(test)]
mod tests;
