//! What is counted of the process itself: its version, and what it should never do.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// What `scripts/image` says of its work tree; other builds know nothing of theirs.
const COMMIT: &str = match option_env!("SMSP_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// The part of the metrics that is about the process.
#[derive(Default)]
pub struct Node {
    panics: Counter,
    log_lines_dropped: Counter,
}

impl Node {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("panics", "Panics; each ended a request, a probe or the turn of a task", self.panics.clone());
        registry.register(
            "log_lines_dropped",
            "Log lines dropped because they could not be written, or not fast enough",
            self.log_lines_dropped.clone(),
        );
        let build = Info::new([("version", env!("CARGO_PKG_VERSION")), ("commit", COMMIT)]);
        registry.register("build", "Version of this program, and the commit that it was built from", build);
    }

    /// Counts a panic.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// Counts log lines that were dropped.
    pub fn log_lines_dropped(&self, lines: u64) {
        self.log_lines_dropped.inc_by(lines);
    }
}
