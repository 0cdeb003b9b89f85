//! A skip that is counted: what could not be tested here is said aloud, never passed over in silence.

use std::fs::OpenOptions;
use std::io::Write;

/// Says on stderr, and in the file that `SKIP_LOG` names, what was not tested and why.
pub(crate) fn skip(reason: &str) {
    let line = format!("SKIP: {reason}\n");
    eprint!("{line}");
    let Ok(path) = std::env::var("SKIP_LOG") else { return };
    let file = OpenOptions::new().create(true).append(true).open(&path);
    file.and_then(|mut file| file.write_all(line.as_bytes())).expect("SKIP_LOG names a file that can be appended to");
}
