//! What every part of the process stands on: metrics, the log, the end of the process.

pub mod metrics;
pub mod telemetry;
pub mod shutdown;
pub mod off_worker;
pub mod settings;
pub mod suggestion;
