//! What the process reports of itself while it runs: layers over one registry of spans and events, and [traces](trace).
//!
//! Each layer has a filter of its own, so that what one of them takes costs the others nothing. There is one today, the
//! [`log`] on stdout; traces have a way of their own. A panic is an event like any other; its place is reported, never its text.

#[cfg(test)]
pub mod captured;
mod log;
pub mod settings;
pub mod trace;

use std::panic;

pub use log::{finish, flush, last, stop_deferring};
pub use settings::{Format, Settings};
use tracing::error;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Writes warnings and errors to stderr, for a command whose stdout is its answer.
pub fn warn_on_stderr() {
    // An error means that a subscriber is set already, as tests may.
    let _ = tracing_subscriber::registry().with(log::warnings()).try_init();
}

/// Starts all layers; later calls change nothing. `on_panic` hears of every panic, `on_dropped` of log lines that are not
/// written. An error means that the thread that writes the log could not be started.
pub fn init(
    settings: Settings,
    on_panic: impl Fn() + Send + Sync + 'static,
    on_dropped: impl Fn(u64) + Send + Sync + 'static,
) -> std::io::Result<()> {
    if !log::on_dropped(on_dropped) {
        return Ok(());
    }
    // An error means that a subscriber is set already, as tests may.
    let _ = tracing_subscriber::registry().with(log::layer(settings)).try_init();
    panic::set_hook(Box::new(move |panic| {
        on_panic();
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        error!(location, "panic");
    }));
    log::start_writer()
}
