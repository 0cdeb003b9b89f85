//! What became of files that are read again while the node serves.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    file: &'static str,
    outcome: &'static str,
}

/// A file that can be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReloadedFile {
    /// The keys of callers.
    CallerKeys,
    /// The keys of admins.
    AdminKeys,
    /// The rules of routing.
    Routes,
}

impl ReloadedFile {
    const ALL: [Self; 3] = [Self::CallerKeys, Self::AdminKeys, Self::Routes];

    fn as_str(self) -> &'static str {
        match self {
            Self::CallerKeys => "caller_keys",
            Self::AdminKeys => "admin_keys",
            Self::Routes => "routes",
        }
    }
}

/// The part of the metrics that is about reading files again.
pub struct Reloads(Family<Labels, Counter>);

/// The counters of one file.
#[derive(Clone)]
pub struct ReloadMetrics {
    ok: Counter,
    failed: Counter,
}

impl Default for Reloads {
    /// All files are there from the start.
    fn default() -> Self {
        let reloads = Self(Family::default());
        ReloadedFile::ALL.iter().for_each(|file| drop(reloads.of(*file)));
        reloads
    }
}

impl Reloads {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "reloads",
            "Changes of a file of keys or rules while this node served, by whether they are in force",
            self.0.clone(),
        );
    }

    /// The counters of this file.
    pub fn of(&self, file: ReloadedFile) -> ReloadMetrics {
        let counter = |outcome| self.0.get_or_create(&Labels { file: file.as_str(), outcome }).clone();
        ReloadMetrics { ok: counter("ok"), failed: counter("failed") }
    }
}

impl ReloadMetrics {
    /// A change that is in force.
    pub fn ok(&self) {
        self.ok.inc();
    }

    /// A change that is not, because it cannot be read.
    pub fn failed(&self) {
        self.failed.inc();
    }
}
