//! What is counted of the store; nothing of it is shown where none is configured.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds in seconds: an fsync takes from a tenth of a millisecond to a second.
const BUCKETS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Database {
    database: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Command {
    database: &'static str,
    result: &'static str,
}

/// The part of the metrics that is the store's.
pub struct Store {
    up: Family<Database, Gauge>,
    commits: Family<Database, Histogram>,
    commands: Family<Command, Counter>,
}

impl Default for Store {
    fn default() -> Self {
        let commits = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        Self { up: Family::default(), commits, commands: Family::default() }
    }
}

/// The metrics of one database.
#[derive(Clone)]
pub struct StoreMetrics {
    up: Gauge,
    commits: Histogram,
    written: Counter,
    down: Counter,
    unclear: Counter,
}

impl Store {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("store_up", "1 if the store can be written, else 0", self.up.clone());
        registry.register(
            "store_commit_duration_seconds",
            "Time of a transaction of the store, which many commands share, fsync included",
            self.commits.clone(),
        );
        registry.register(
            "store_commands",
            "Commands that change the store, by result: written, down (nothing was written), unclear",
            self.commands.clone(),
        );
    }

    /// The metrics of this kind of database, from 0 on.
    pub fn of(&self, database: &'static str) -> StoreMetrics {
        let commands = |result| self.commands.get_or_create(&Command { database, result }).clone();
        StoreMetrics {
            up: self.up.get_or_create(&Database { database }).clone(),
            commits: self.commits.get_or_create(&Database { database }).clone(),
            written: commands("written"),
            down: commands("down"),
            unclear: commands("unclear"),
        }
    }
}

impl StoreMetrics {
    /// It can be written, or not.
    pub fn up(&self, up: bool) {
        self.up.set(i64::from(up));
    }

    /// One transaction that took so many seconds.
    pub fn committed(&self, seconds: f64) {
        self.commits.observe(seconds);
    }

    /// Commands that were written.
    pub fn written(&self, commands: usize) {
        self.written.inc_by(commands as u64);
    }

    /// Commands of which nothing was written.
    pub fn down(&self, commands: usize) {
        self.down.inc_by(commands as u64);
    }

    /// Commands that were written, or not.
    pub fn unclear(&self, commands: usize) {
        self.unclear.inc_by(commands as u64);
    }
}
