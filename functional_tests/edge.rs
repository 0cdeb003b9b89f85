//! The edge: clients that are slow, hostile or many, more load than a node can bear, and the end of a node under load.
//!
//! What takes seconds runs with `cargo test`. What takes minutes, or somebody else's tool, `scripts/check --long` runs
//! on the release binary, and prints the figures of each row.

mod stalled_clients;
mod body_sizes;
mod connections;
mod descriptors;

mod load;
mod load_results;
mod negative_controls;
mod counting_provider;

mod slow_clients;
mod http2;
mod overload;
mod fairness;
mod rolling_restart;
mod kill_restarts;
mod log_reader;
mod clock_jumps;
mod memory;
