//! The outbox of the built binary under faults that are really injected: what was answered 202 is never lost, and nothing
//! is taken twice.
//!
//! The provider writes down what it takes, callers write down what they are told, and `books` joins the two by what the node
//! says in the end. What does not concern the files of SQLite is shown on PostgreSQL too. What takes minutes
//! `scripts/check --long` runs.

mod books;
mod load;
mod provider;

mod clock;
mod crashes;
mod endings;
mod erased;
mod fsync;
mod full_disk;
mod later_version;
mod marks;
mod memory;
mod moved;
mod outage;
mod pauses;
mod poison;
mod power_loss;
mod races;
mod replays;
mod second_copies;
mod settled;
