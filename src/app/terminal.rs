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
