//! The thread that writes the log: the only one that waits for the reader of stdout.
//!
//! It writes on a descriptor of its own, past the lock and the buffer of [`std::io::stdout`], so that nothing else in
//! the process can come to wait for it. Lines that cannot be written are dropped and counted, and the next write is tried
//! all the same: a full disk gets room again, and another reader may open a FIFO.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use super::queue::{Block, Queue, count};

/// Between two tries on a stdout that another process has made non-blocking: waiting on it would take unsafe code or one
/// more library.
const PAUSE: Duration = Duration::from_millis(20);

/// Starts the thread. `note` makes the line that reports dropped lines; `on_dropped` hears of lines that could not be
/// written.
pub(super) fn start(
    queue: &'static Queue,
    note: impl Fn(u64) -> Vec<u8> + Send + 'static,
    on_dropped: impl Fn(u64) + Send + 'static,
) -> io::Result<()> {
    let stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let mut writer = Writer { out: stdout, note, on_dropped, dropped: 0, cut: false };
    thread::Builder::new().name("log".to_owned()).spawn(move || {
        let mut block = Block::default();
        loop {
            block = queue.next(block);
            writer.write(&block);
        }
    })?;
    Ok(())
}

/// Writes blocks, and a note where lines are missing.
struct Writer<W, N, D> {
    out: W,
    note: N,
    on_dropped: D,
    /// Lines that could not be written since the last that was.
    dropped: u64,
    /// The last write ended within a line.
    cut: bool,
}

impl<W: Write, N: Fn(u64) -> Vec<u8>, D: Fn(u64)> Writer<W, N, D> {
    fn write(&mut self, block: &Block) {
        self.dropped += block.dropped;
        if let Err(rest) =
            self.write_note().map_err(|()| &block.lines[..]).and_then(|()| self.write_lines(&block.lines))
        {
            let dropped = count(rest);
            self.dropped += dropped;
            (self.on_dropped)(dropped);
        }
    }

    fn write_note(&mut self) -> Result<(), ()> {
        if self.dropped > 0 {
            let note = (self.note)(self.dropped);
            self.write_lines(&note).map_err(|_| ())?;
            self.dropped = 0;
        }
        Ok(())
    }

    /// An error is what was not written.
    fn write_lines<'a>(&mut self, lines: &'a [u8]) -> Result<(), &'a [u8]> {
        // A line that was cut must not run into the next.
        if self.cut {
            self.write_all(b"\n").map_err(|_| lines)?;
        }
        self.write_all(lines)
    }

    fn write_all<'a>(&mut self, mut bytes: &'a [u8]) -> Result<(), &'a [u8]> {
        while !bytes.is_empty() {
            match self.out.write(bytes) {
                Ok(0) => return Err(bytes),
                Ok(written) => {
                    let (done, rest) = bytes.split_at(written);
                    self.cut = !done.ends_with(b"\n");
                    bytes = rest;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PAUSE),
                Err(_) => return Err(bytes),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
