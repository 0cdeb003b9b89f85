//! What a command writes on stdout and stderr.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// For an error on stderr, and for the last lines of the log: their reader may have stalled.
pub const LAST_WRITE: Duration = Duration::from_secs(1);

/// A line on stdout. False: stdout is gone.
pub fn print(text: &str) -> bool {
    writeln!(io::stdout(), "{text}").is_ok()
}

/// One line that is written anew, where somebody looks at it.
pub fn show_progress(line: &str) {
    if io::stderr().is_terminal() {
        // What nobody can see need not be written.
        let _ = write!(io::stderr(), "\r{line}\x1b[K");
    }
}

/// A question on stderr, whose answer is typed behind it.
pub fn ask(question: &str) {
    // Where nobody can see it, nobody answers.
    let _ = write!(io::stderr(), "{question}").and_then(|()| io::stderr().flush());
}

/// Text on stdout that is shown again and again.
#[derive(Default)]
pub struct Screen {
    is_shown: bool,
}

impl Screen {
    /// Shows a text, at a terminal in the place of the one before, if that is asked for. False: stdout is gone.
    pub fn show(&mut self, text: &str, in_place: bool) -> bool {
        let whole = self.next(text, in_place && io::stdout().is_terminal());
        writeln!(io::stdout(), "{whole}").is_ok()
    }

    fn next(&mut self, text: &str, in_place: bool) -> String {
        let is_first = !std::mem::replace(&mut self.is_shown, true);
        if !in_place || is_first {
            return text.to_owned();
        }
        // To the first row, and nothing below stays: how many rows a text takes depends on how wide the terminal is.
        format!("\x1b[H\x1b[J{text}")
    }
}

/// On stderr, which may be a pipe whose reader has stalled: a node that has to end must not wait for it.
pub fn print_error(text: &str) {
    let line = format!("{text}\n");
    let write = |line: &str| {
        // If stderr is gone, the exit code still says it.
        let _ = io::stderr().write_all(line.as_bytes());
    };
    let ((written, wait), copy) = (mpsc::channel(), line.clone());
    let writing = thread::Builder::new().spawn(move || {
        write(&copy);
        // Once the time is up there is no receiver.
        let _ = written.send(());
    });
    match writing {
        // An error is that the time is up.
        Ok(_) => drop(wait.recv_timeout(LAST_WRITE)),
        // Without threads this may well be the error.
        Err(_) => write(&line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_takes_the_place_of_all_that_was_shown_before() {
        let mut screen = Screen::default();
        assert_eq!(screen.next("a\nb\nc", true), "a\nb\nc");
        assert_eq!(screen.next("d", true), "\x1b[H\x1b[Jd");
        assert_eq!(screen.next("e", true), "\x1b[H\x1b[Je");
        assert_eq!(screen.next("f", false), "f");
    }
}
