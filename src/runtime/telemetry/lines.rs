//! Lines on their way into the queue: a worker has them written once it has no other work, any other thread at once.
//!
//! Under load one write takes many lines. A line is late by no more than the work that stood in line before it, and by
//! 32 KiB of lines at most. A process that is killed loses those; one that ends writes them.

use std::cell::{Cell, RefCell};
use std::io::{self, Write};

use super::queue::When;
use super::{QUEUE, dropped};

/// What becomes of a line of this thread.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// It is written at once.
    Direct,
    /// It waits for [`flush`]; none does.
    Gathers,
    /// It waits for [`flush`], as others do.
    HasGathered,
    /// It stays here, for [`capture`].
    Captures,
}

thread_local! {
    // Without a destructor, so that a thread can log until its very end.
    static MODE: Cell<Mode> = const { Cell::new(Mode::Direct) };
    static CAPTURED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Has the lines of this thread written, which costs nothing where there are none.
///
/// Whoever calls it promises to do so whenever its work is done: from the first call on, lines wait for the next.
pub fn flush() {
    leave(Mode::Gathers);
}

/// Has the lines of this thread written, and each later one at once.
///
/// For a thread that ceases to be a worker, as after `tokio::task::block_in_place`: it goes on with its task, but no
/// longer calls [`flush`] when its work is done. [`flush`] undoes it, once the thread is a worker again.
pub fn stop_gathering() {
    leave(Mode::Direct);
}

fn leave(next: Mode) {
    if MODE.replace(next) == Mode::HasGathered {
        QUEUE.wake();
    }
}

/// What `log` logs on this thread, instead of writing it.
pub(super) fn capture(log: impl FnOnce()) -> Vec<u8> {
    let before = MODE.replace(Mode::Captures);
    log();
    MODE.set(before);
    CAPTURED.take()
}

/// Where the formatter writes. A write is a line.
pub(super) struct Lines;

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match MODE.get() {
            Mode::Captures => CAPTURED.with_borrow_mut(|captured| captured.extend_from_slice(line)),
            Mode::Direct => dropped(QUEUE.add(line, When::Now)),
            Mode::Gathers | Mode::HasGathered => {
                MODE.set(Mode::HasGathered);
                dropped(QUEUE.add(line, When::Woken));
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
    fn a_thread_gathers_from_its_first_flush_until_it_stops() {
        // A thread of its own, because the mode is the thread's; the queue is everybody's, so it is not looked at.
        let modes = thread::spawn(|| {
            let after = |act: fn()| {
                act();
                MODE.get()
            };
            let line: fn() = || Lines.write_all(b"a line\n").unwrap();
            [line, flush, line, line, flush, line, stop_gathering, line, flush].map(after)
        });
        use Mode::{Direct, Gathers, HasGathered};
        let expected = [Direct, Gathers, HasGathered, HasGathered, Gathers, HasGathered, Direct, Direct, Gathers];
        assert!(modes.join().unwrap() == expected);
    }

    #[test]
    fn what_is_captured_goes_nowhere_else() {
        assert_eq!(capture(|| Lines.write_all(b"a line\n").unwrap()), b"a line\n");
        assert_eq!(capture(|| ()), b"");
        assert!(MODE.get() == Mode::Direct);
    }
}
