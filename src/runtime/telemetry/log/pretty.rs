//! Spreads each JSON line over several.

use std::io::{self, Write};

use memchr::memmem;

use super::sink::Sink;

/// What stands before the time: a text in a value has no line break.
const BEFORE_TIME: &[u8] = b"\n  \"timestamp\": \"";

/// Takes lines of JSON.
pub(super) struct Pretty;

impl Write for Pretty {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let event: serde_json::Value = serde_json::from_slice(line)?;
        let mut pretty = serde_json::to_vec_pretty(&event)?;
        pretty.push(b'\n');
        let time_at = memmem::find(&pretty, BEFORE_TIME).map_or(pretty.len(), |at| at + BEFORE_TIME.len());
        Sink(time_at).write_all(&pretty)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
