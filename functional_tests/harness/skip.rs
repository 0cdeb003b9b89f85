//! A skip that is counted: what could not be tested here is said aloud, never passed over in silence.

use std::fs::OpenOptions;
use std::io::Write;

/// Says on stderr, and in the file that `SKIP_LOG` names, what was not tested and why.
pub(crate) fn skip(reason: &str) {
    append("SKIP_LOG", &format!("SKIP: {reason}\n"));
}

/// Writes a line to stderr, and to the end of the file that this variable names, if it names one.
pub(super) fn append(variable: &str, line: &str) {
    eprint!("{line}");
    let Ok(path) = std::env::var(variable) else { return };
    let file = OpenOptions::new().create(true).append(true).open(&path);
    let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
    written.unwrap_or_else(|e| panic!("{variable} names a file that can be appended to: {e}"));
}
