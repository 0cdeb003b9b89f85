//! Logs: one event a line on stdout, in the original's three formats.
//!
//! No key, address or body is ever logged: types that hold one redact their `Debug`, other crates speak only to warn,
//! and a panic is reported by its place, never by its text.

mod line;
mod lines;

use std::io::{self, Write};
use std::panic;

use line::Line;
use lines::Lines;
pub use lines::flush;
use tracing::{Level, error};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    JsonOneline,
    /// One JSON object over several lines.
    JsonPretty,
    /// For people.
    Debug,
}

/// What is logged, and how.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The shape of a line.
    pub format: Format,
    /// Log our own debug events too.
    pub debug: bool,
}

/// Starts logging; later calls change nothing. Every panic is told to `on_panic` too.
pub fn init(settings: Settings, on_panic: impl Fn() + Send + Sync + 'static) {
    let own = if settings.debug { Level::DEBUG } else { Level::INFO };
    let filter = Targets::new().with_default(Level::WARN).with_target("smsp", own);
    let json = || fmt::layer().event_format(Line).fmt_fields(Line);
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match settings.format {
        Format::JsonOneline => json().with_writer(|| Lines).boxed(),
        Format::JsonPretty => json().with_writer(|| Pretty).boxed(),
        Format::Debug => fmt::layer().with_ansi(false).with_writer(|| Lines).boxed(),
    };
    // An error means that somebody else has set a subscriber, as tests may.
    let _ = tracing_subscriber::registry().with(layer).with(filter).try_init();
    panic::set_hook(Box::new(move |panic| {
        on_panic();
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        error!(location, "panic");
    }));
}

/// Spreads each JSON line over several.
struct Pretty;

impl Write for Pretty {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let event: serde_json::Value = serde_json::from_slice(line)?;
        let mut pretty = serde_json::to_vec_pretty(&event)?;
        pretty.push(b'\n');
        Lines.write_all(&pretty)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
