//! What became of files that are read again while the node serves.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    file: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct File {
    file: &'static str,
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
    /// The keys that sign mail.
    DkimKeys,
}

impl ReloadedFile {
    const ALL: [Self; 4] = [Self::CallerKeys, Self::AdminKeys, Self::Routes, Self::DkimKeys];

    fn as_str(self) -> &'static str {
        match self {
            Self::CallerKeys => "caller_keys",
            Self::AdminKeys => "admin_keys",
            Self::Routes => "routes",
            Self::DkimKeys => "dkim_keys",
        }
    }
}

/// The part of the metrics that is about reading files again.
pub struct Reloads {
    changes: Family<Labels, Counter>,
    ignored: Family<File, Gauge>,
}

/// The counters of one file.
#[derive(Clone)]
pub struct ReloadMetrics {
    ok: Counter,
    failed: Counter,
    ignored: Gauge,
}

impl Default for Reloads {
    /// All files are there from the start.
    fn default() -> Self {
        let reloads = Self { changes: Family::default(), ignored: Family::default() };
        ReloadedFile::ALL.iter().for_each(|file| drop(reloads.of(*file)));
        reloads
    }
}

impl Reloads {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "reloads",
            "Changes of a file of keys or rules while this node served, by whether they are in force",
            self.changes.clone(),
        );
        registry.register(
            "file_ignored",
            "1 while a file of keys or rules cannot be read, so that what it held before is in force, else 0",
            self.ignored.clone(),
        );
    }

    /// The counters of this file.
    pub fn of(&self, file: ReloadedFile) -> ReloadMetrics {
        let file = file.as_str();
        let counter = |outcome| self.changes.get_or_create(&Labels { file, outcome }).clone();
        let ignored = self.ignored.get_or_create(&File { file }).clone();
        ReloadMetrics { ok: counter("ok"), failed: counter("failed"), ignored }
    }
}

impl ReloadMetrics {
    /// A change that is in force.
    pub fn ok(&self) {
        self.ok.inc();
        self.is_ignored(false);
    }

    /// A change that is not, because it cannot be read.
    pub fn failed(&self) {
        self.failed.inc();
        self.is_ignored(true);
    }

    /// Whether what was read before is in force, because the file cannot be read.
    pub fn is_ignored(&self, ignored: bool) {
        self.ignored.set(ignored.into());
    }
}
