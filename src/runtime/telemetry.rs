//! Logs: one event a line on stdout, in the original's three formats, and nobody waits for who reads them.
//!
//! Lines go through a bounded queue to a thread that writes them. While its reader stalls the queue fills; then lines are
//! dropped and counted, and everything else goes on.
//!
//! No key, address or body is ever logged: types that hold one redact their `Debug`, other crates speak only to warn,
//! and a panic is reported by its place, never by its text.

mod line;
mod lines;
mod queue;
mod writer;

use std::io::{self, Write};
use std::panic;
use std::sync::OnceLock;
use std::time::Duration;

use line::Line;
use lines::Lines;
pub use lines::{flush, stop_gathering};
use queue::Queue;
use tracing::{Level, error, warn};
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

/// Bytes of lines that wait to be written, at most.
const CAPACITY: usize = 8 << 20;

static QUEUE: Queue = Queue::new(CAPACITY);
static ON_DROPPED: OnceLock<Box<dyn Fn(u64) + Send + Sync>> = OnceLock::new();

/// Starts logging; later calls change nothing. `on_panic` hears of every panic, `on_dropped` of lines that are not
/// written. An error means that the thread that writes could not be started.
pub fn init(
    settings: Settings,
    on_panic: impl Fn() + Send + Sync + 'static,
    on_dropped: impl Fn(u64) + Send + Sync + 'static,
) -> io::Result<()> {
    if ON_DROPPED.set(Box::new(on_dropped)).is_err() {
        return Ok(());
    }
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
    writer::start(&QUEUE, |dropped| lines::capture(|| warn!(dropped, "log lines dropped")), dropped)
}

/// Waits until everything that was logged is written, for this time at most; was it?
pub fn finish(within: Duration) -> bool {
    QUEUE.finish(within)
}

fn dropped(lines: u64) {
    if lines > 0 {
        ON_DROPPED.get().into_iter().for_each(|told| told(lines));
    }
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
