//! The log: one event a line on stdout, in three formats. No thread waits for the reader of stdout.
//!
//! Lines go through a bounded [`queue`] to a [`writer`] thread, in the order of their times. While the reader stalls the
//! queue fills; then lines are dropped and counted, and everything else goes on. An event below the level is refused
//! before it is formatted.
//!
//! No key, address or body is ever logged: types that hold one redact their `Debug`, and other crates log warnings only.
//! Written by hand for two reasons: `tracing-appender` drops lines without a note of where, and the JSON formatter of
//! `tracing-subscriber` parses a span's fields again for every line.

mod buffer;
mod colours;
mod fields;
#[cfg(test)]
mod fixture;
mod json;
mod pretty;
mod queue;
mod sink;
mod text;
mod timestamp;
mod writer;

use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub(super) use buffer::on_dropped;
use buffer::{QUEUE, report_dropped};
use json::JsonLine;
use pretty::Pretty;
use sink::{Captured, Sink};
pub use sink::{flush, stop_deferring};
use text::TextLine;
use tracing::{Level, warn};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::{Layer, Registry, fmt};

use super::settings::{Format, Settings};

/// The line after which none is written.
static LAST: Mutex<Option<Captured>> = Mutex::new(None);

/// The layer that writes lines, with its filter: our own events from the level on, those of other crates from `WARN` on at
/// most.
pub(super) fn layer(Settings { format, level }: Settings) -> impl Layer<Registry> {
    let others = level.min(Level::WARN);
    let filter = Targets::new().with_default(others).with_target("smsp", level);
    let json = || fmt::layer().event_format(JsonLine).fmt_fields(JsonLine);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        Format::JsonOneline => json().with_writer(|| Sink(json::TIME_AT)).boxed(),
        Format::JsonPretty => json().with_writer(|| Pretty).boxed(),
        Format::Debug => {
            let text = TextLine {
                has_colours: colours::are_wanted(io::stdout().is_terminal(), |name| std::env::var_os(name)),
            };
            fmt::layer().event_format(text).fmt_fields(text).with_writer(move || Sink(text.time_at())).boxed()
        }
    };
    lines.with_filter(filter)
}

/// The layer of a command, whose stdout is its answer: lines for people, at once, from `WARN` on.
pub(super) fn warnings() -> impl Layer<Registry> {
    let text = TextLine { has_colours: false };
    let layer = fmt::layer().event_format(text).fmt_fields(text).with_writer(|| Stderr);
    layer.with_filter(Targets::new().with_default(Level::WARN))
}

/// Starts the thread that writes.
pub(super) fn start_writer() -> io::Result<()> {
    writer::start(&QUEUE, |dropped| sink::capture(|| warn!(dropped, "log lines dropped")).stamped(), report_dropped)
}

/// Keeps the line that `log` logs for [`finish`], which writes it after every other.
pub fn last(log: impl FnOnce()) {
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(sink::capture(log));
}

/// Waits until everything that was logged is written, for `within` at most; `false`: it is not written.
pub fn finish(within: Duration) -> bool {
    let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
    last.iter().for_each(Captured::write_last);
    QUEUE.finish(within)
}

/// Writes lines of text at once.
struct Stderr;

impl io::Write for Stderr {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut stamped = line.to_vec();
        timestamp::stamp(&mut stamped, TextLine { has_colours: false }.time_at());
        io::stderr().write_all(&stamped)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
