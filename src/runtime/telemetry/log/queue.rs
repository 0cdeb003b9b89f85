//! The queue between the threads that log and the one that writes: bounded in bytes; adding to it never waits for room.
//!
//! Lines that do not fit are dropped and counted. From then on every line is dropped until half of the queue has been
//! written, which leaves one gap instead of many; the writer notes it where it lies. The lock is held to copy a line or to
//! take a block, never during a write. Lines are written in the order in which they were added, by whichever thread; a line
//! gets its time under the same lock, so that this is the order of their times too.
//!
//! Deliberately absent: a thread, a stream, a clock but for the deadline of [`Queue::finish`].

use std::collections::VecDeque;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is written by one call: half of what a pipe holds.
pub(super) const BLOCK: usize = 32 * 1024;
/// Blocks whose memory is kept: while one is written, lines go into another.
const SPARES: usize = 2;

/// Lines in the order in which they came.
pub(super) struct Queue {
    state: Mutex<State>,
    /// The writer waits here until it is woken.
    woken: Condvar,
    /// [`Queue::finish`] waits here until all is written.
    finished: Condvar,
    /// Bytes.
    capacity: usize,
}

struct State {
    blocks: VecDeque<Block>,
    /// The length of all lines in `blocks` and in the block that is being written.
    bytes: usize,
    /// Lines that were dropped since the last that was taken.
    dropped: u64,
    /// The writer waits, or there is none.
    idle: bool,
    /// [`Queue::finish`] waits.
    finishing: bool,
    /// The last line was added.
    closed: bool,
    /// The memory of written blocks, for the next ones.
    spares: Vec<Vec<u8>>,
}

/// What is written at a time.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// How many lines are missing before these.
    pub(super) dropped: u64,
    /// Whole lines.
    pub(super) lines: Vec<u8>,
}

/// When lines that are added are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// At once.
    Now,
    /// At the next [`Queue::wake`], or once there are as many as are written at a time.
    Woken,
    /// At once, and no line after them.
    Last,
}

impl Queue {
    pub(super) const fn new(capacity: usize) -> Self {
        let state = State {
            blocks: VecDeque::new(),
            bytes: 0,
            dropped: 0,
            idle: true,
            finishing: false,
            closed: false,
            spares: Vec::new(),
        };
        Self { state: Mutex::new(state), woken: Condvar::new(), finished: Condvar::new(), capacity }
    }

    /// Adds whole lines, on which `stamp` writes their time; returns how many of them were dropped, which is all or none.
    pub(super) fn add(&self, lines: &[u8], when: When, stamp: impl FnOnce(&mut [u8])) -> u64 {
        let mut state = self.lock();
        if state.closed {
            return 0;
        }
        let room = if state.dropped > 0 { self.capacity / 2 } else { self.capacity };
        let fits = state.bytes.checked_add(lines.len()).is_some_and(|bytes| bytes <= room);
        let dropped = if fits { 0 } else { count(lines) };
        state.dropped += dropped;
        if fits {
            stamp(state.append(lines));
        }
        state.closed = when == When::Last;
        if when != When::Woken || !fits || state.bytes >= BLOCK {
            self.wake_locked(&mut state);
        }
        dropped
    }

    /// Has everything written that was added so far.
    pub(super) fn wake(&self) {
        self.wake_locked(&mut self.lock());
    }

    fn wake_locked(&self, state: &mut State) {
        if state.idle && !state.is_empty() {
            state.idle = false;
            self.woken.notify_one();
        }
    }

    /// Gives the block that was written back, and waits for the next.
    pub(super) fn next(&self, written: Block) -> Block {
        let mut state = self.lock();
        state.bytes -= written.lines.len();
        state.keep(written.lines);
        if state.is_empty() {
            state.idle = true;
            if state.finishing {
                self.finished.notify_all();
            }
            state = self.woken.wait_while(state, |state| state.idle).unwrap_or_else(PoisonError::into_inner);
        }
        state.take()
    }

    /// Waits until everything is written, for `within` at most; `false`: it is not.
    pub(super) fn finish(&self, within: Duration) -> bool {
        let mut state = self.lock();
        state.finishing = true;
        self.wake_locked(&mut state);
        let waited = self.finished.wait_timeout_while(state, within, |state| !state.idle);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// A panic under the lock leaves the state consistent, so poison does not matter.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.dropped == 0
    }

    /// Returns the lines in their place.
    fn append(&mut self, lines: &[u8]) -> &mut [u8] {
        self.bytes += lines.len();
        let dropped = mem::take(&mut self.dropped);
        let has_room = |last: &Block| dropped == 0 && last.lines.len() + lines.len() <= BLOCK;
        if !self.blocks.back().is_some_and(has_room) {
            let mut block = self.spares.pop().unwrap_or_default();
            block.reserve_exact(lines.len().max(BLOCK));
            self.blocks.push_back(Block { dropped, lines: block });
        }
        let Some(Block { lines: block, .. }) = self.blocks.back_mut() else { return &mut [] };
        let at = block.len();
        block.extend_from_slice(lines);
        &mut block[at..]
    }

    fn keep(&mut self, mut spare: Vec<u8>) {
        if (1..=BLOCK).contains(&spare.capacity()) && self.spares.len() < SPARES {
            spare.clear();
            self.spares.push(spare);
        }
    }

    fn take(&mut self) -> Block {
        let gap = || Block { dropped: mem::take(&mut self.dropped), lines: Vec::new() };
        self.blocks.pop_front().unwrap_or_else(gap)
    }
}

/// The number of events. Spread over several lines, an event goes on with a space, and ends with a brace.
pub(super) fn count(lines: &[u8]) -> u64 {
    let ends_event = |end: &usize| !matches!(lines.get(end + 1), Some(b' ' | b'}'));
    memchr::memchr_iter(b'\n', lines).filter(ends_event).count() as u64
}

#[cfg(test)]
mod tests;
