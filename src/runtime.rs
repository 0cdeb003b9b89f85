//! What every part of the process stands on: settings, metrics, the log, traces, name look-ups, shutdown. Names nothing of ours outside itself.

pub mod metrics;
pub mod net;
pub mod telemetry;
pub mod shutdown;
pub mod off_worker;
pub mod host_name;
pub mod ids;
pub mod local_limit;
pub mod lru;
pub mod millis;
pub mod rate;
pub mod rate_limiter;
pub mod restart;
pub mod unix_time;
pub mod settings;
pub mod suggestion;
pub mod transcript;
