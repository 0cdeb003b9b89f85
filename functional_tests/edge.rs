//! The edge: clients that are slow, hostile or many, more load than a node can bear, and the end of a node under load.
//!
//! What takes seconds runs with `cargo test`. What takes minutes, or somebody else's tool, `scripts/check --long` runs
//! on the release binary, and prints the figures of each row.

mod stalls;
mod sizes;
mod connections;
mod descriptors;

mod load;
mod harvest;
mod plants;
mod keeper;

mod slow_clients;
mod http2;
mod overload;
mod fairness;
mod draining;
mod killing;
mod log_reader;
mod clock;
mod memory;
