//! The log: one event a line on stdout, in three formats. No thread waits for the reader of stdout.
//!
//! Lines go through a bounded [`queue`] to a [`writer`] thread. While the reader stalls the queue fills; then lines are
//! dropped and counted, and everything else goes on.
//!
//! No key, address or body is ever logged: types that hold one redact their `Debug`, and other crates log warnings only.
//! Written by hand for two reasons: `tracing-appender` drops lines without a note of where, and the JSON formatter of
//! `tracing-subscriber` parses a span's fields again for every line.

mod buffer;
mod json;
mod queue;
mod sink;
mod timestamp;
mod writer;

use std::io::{self, Write};
use std::time::Duration;

pub(super) use buffer::on_dropped;
use buffer::{QUEUE, report_dropped};
use json::JsonLine;
use sink::Sink;
pub use sink::{flush, stop_deferring};
use tracing::{Level, warn};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::{Layer, Registry, fmt};

use super::settings::{Format, Settings};

/// The layer that writes lines, with its filter: our own events from `INFO` or `DEBUG` on, those of other crates from
/// `WARN` on.
pub(super) fn layer(settings: Settings) -> impl Layer<Registry> {
    let own = if settings.debug { Level::DEBUG } else { Level::INFO };
    let filter = Targets::new().with_default(Level::WARN).with_target("smsp", own);
    let json = || fmt::layer().event_format(JsonLine).fmt_fields(JsonLine);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match settings.format {
        Format::JsonOneline => json().with_writer(|| Sink).boxed(),
        Format::JsonPretty => json().with_writer(|| Pretty).boxed(),
        Format::Debug => fmt::layer().with_ansi(false).with_writer(|| Sink).boxed(),
    };
    lines.with_filter(filter)
}

/// The layer of a command, whose stdout is its answer: lines for people, at once, from `WARN` on.
pub(super) fn warnings() -> impl Layer<Registry> {
    fmt::layer().with_ansi(false).with_writer(io::stderr).with_filter(Targets::new().with_default(Level::WARN))
}

/// Starts the thread that writes.
pub(super) fn start_writer() -> io::Result<()> {
    writer::start(&QUEUE, |dropped| sink::capture(|| warn!(dropped, "log lines dropped")), report_dropped)
}

/// Waits until everything that was logged is written, for `within` at most; `false`: it is not written.
pub fn finish(within: Duration) -> bool {
    QUEUE.finish(within)
}

/// Spreads each JSON line over several.
struct Pretty;

impl Write for Pretty {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let event: serde_json::Value = serde_json::from_slice(line)?;
        let mut pretty = serde_json::to_vec_pretty(&event)?;
        pretty.push(b'\n');
        Sink.write_all(&pretty)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
