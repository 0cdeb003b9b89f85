//! Lines gathered while a worker has work, and written once it has none: under load one call writes many.
//!
//! A line is late by no more than the work that stood in line before it, and by 32 KiB at most. A process that is killed
//! loses those; one that ends writes them.

use std::cell::RefCell;
use std::io::{self, Write};

/// Bytes of lines that are held back, at most.
const MOST: usize = 32 * 1024;

thread_local! {
    /// Of a thread that has shown that it flushes; any other writes at once.
    static GATHERED: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Writes what this thread has gathered. Whoever calls it promises to do so whenever its work is done.
pub fn flush() {
    GATHERED.with_borrow_mut(|gathered| {
        let lines = gathered.get_or_insert_default();
        // If stdout is gone there is nobody to tell.
        let _ = io::stdout().write_all(lines);
        lines.clear();
    });
}

/// Stdout, by way of what is gathered. A write is a line.
pub(super) struct Lines;

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let held = GATHERED.with_borrow_mut(|gathered| {
            let lines = gathered.as_mut()?;
            lines.extend_from_slice(line);
            Some(lines.len())
        });
        match held {
            None => io::stdout().write_all(line)?,
            Some(held) if held > MOST => flush(),
            Some(_) => {}
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered() -> Option<usize> {
        GATHERED.with_borrow(|lines| lines.as_ref().map(Vec::len))
    }

    #[test]
    fn a_thread_gathers_once_it_has_flushed_and_never_more_than_the_most() {
        let write = |line: &[u8]| Lines.write_all(line).map(|()| gathered()).unwrap();
        assert_eq!(write(b""), None, "nobody has promised to flush");
        flush();
        assert_eq!(write(b"\n"), Some(1));
        flush();
        assert_eq!(gathered(), Some(0));
        assert_eq!(write(&[b'\n'; MOST]), Some(MOST));
        assert_eq!(write(b"\n"), Some(0), "too much to hold back");
    }
}
