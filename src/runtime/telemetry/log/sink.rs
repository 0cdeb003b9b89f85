//! Puts lines into the queue: those of a worker are written when it parks, those of any other thread at once.
//!
//! Under load one write takes many lines. A line is late by no more than the tasks that were ready before it, and by
//! 32 KiB of lines at most. A process that is killed loses those; one that ends writes them.

use std::cell::{Cell, RefCell};
use std::io::{self, Write};

use super::buffer::{QUEUE, report_dropped};
use super::queue::When;
use super::timestamp::stamp;

/// When the lines of this thread are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// At once.
    Immediate,
    /// At the next [`flush`]; no line waits for it.
    Deferred,
    /// At the next [`flush`]; lines wait for it.
    DeferredWithLines,
    /// Never: [`capture`] takes them.
    Captured,
}

thread_local! {
    // Without a destructor, so that a thread can log until its very end.
    static MODE: Cell<Mode> = const { Cell::new(Mode::Immediate) };
    static CAPTURED: RefCell<Captured> = const { RefCell::new(Captured { line: Vec::new(), time_at: 0 }) };
}

/// Has the lines of this thread written. Without lines it costs nothing.
///
/// A thread that calls this once must call it whenever it runs out of work: from the first call on, its lines wait for the
/// next.
pub fn flush() {
    leave(Mode::Deferred);
}

/// Has the lines of this thread written, and from now on each line at once.
///
/// For a thread that ceases to be a worker, as after `tokio::task::block_in_place`: it goes on with its task, but no
/// longer calls [`flush`] when its work is done. [`flush`] undoes it, once the thread is a worker again.
pub fn stop_deferring() {
    leave(Mode::Immediate);
}

fn leave(next: Mode) {
    if MODE.replace(next) == Mode::DeferredWithLines {
        QUEUE.wake();
    }
}

/// Returns the line that `log` logs on this thread, in place of writing it.
pub(super) fn capture(log: impl FnOnce()) -> Captured {
    let before = MODE.replace(Mode::Captured);
    log();
    MODE.set(before);
    CAPTURED.take()
}

/// A line that is not written yet.
#[derive(Default)]
pub(super) struct Captured {
    line: Vec<u8>,
    time_at: usize,
}

impl Captured {
    /// With the time of now.
    pub(super) fn stamped(mut self) -> Vec<u8> {
        stamp(&mut self.line, self.time_at);
        self.line
    }

    /// Has it written after every line so far, and none after it.
    pub(super) fn write_last(&self) {
        if !self.line.is_empty() {
            report_dropped(QUEUE.add(&self.line, When::Last, |line| stamp(line, self.time_at)));
        }
    }
}

/// Where the formatter writes: each write is one line, whose time stands there.
pub(super) struct Sink(pub(super) usize);

impl Write for Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let stamp = |line: &mut [u8]| stamp(line, self.0);
        match MODE.get() {
            Mode::Captured => CAPTURED.set(Captured { line: line.to_vec(), time_at: self.0 }),
            Mode::Immediate => report_dropped(QUEUE.add(line, When::Now, stamp)),
            Mode::Deferred | Mode::DeferredWithLines => {
                MODE.set(Mode::DeferredWithLines);
                report_dropped(QUEUE.add(line, When::Woken, stamp));
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn lines_are_deferred_from_the_first_flush_until_the_thread_stops_deferring() {
        // In a thread of its own, because the mode is the thread's; the queue is shared, so it is not looked at.
        let modes = thread::spawn(|| {
            let after = |act: fn()| {
                act();
                MODE.get()
            };
            let line: fn() = || Sink(0).write_all(b"a line\n").unwrap();
            [line, flush, line, line, flush, line, stop_deferring, line, flush].map(after)
        });
        use Mode::{Deferred, DeferredWithLines, Immediate};
        let expected = [
            Immediate,
            Deferred,
            DeferredWithLines,
            DeferredWithLines,
            Deferred,
            DeferredWithLines,
            Immediate,
            Immediate,
            Deferred,
        ];
        assert!(modes.join().unwrap() == expected);
    }

    #[test]
    fn captured_lines_are_not_written() {
        assert_eq!(capture(|| Sink(9).write_all(b"a line\n").unwrap()).stamped(), b"a line\n");
        assert_eq!(capture(|| ()).stamped(), b"");
        assert!(MODE.get() == Mode::Immediate);
    }
}
