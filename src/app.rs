//! Where everything is put together: configuration in, a running node out. The only place with concrete names.

mod admin_client;
pub mod backup_command;
pub mod circuits_command;
mod columns;
pub mod config;
pub mod connect_command;
mod dkim;
pub mod dkim_command;
pub mod failure;
pub mod healthcheck_command;
pub mod help;
mod keys;
mod listen;
mod options;
mod orders;
mod outbox;
pub mod outbox_command;
mod plan_table;
pub mod probe_command;
mod progress;
mod reload;
pub mod route_command;
mod routes;
mod serve;
mod span;
mod start_error;
mod started;
pub mod store;
pub mod store_command;
pub mod terminal;
mod traces;
mod upstreams;
mod watching;

pub use serve::serve;
pub use start_error::StartError;
