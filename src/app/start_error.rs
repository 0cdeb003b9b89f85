//! Why a node could not start.

use std::net::SocketAddr;

use super::failure::Failure;
use crate::runtime::net::Unusable;
use crate::state::store::OpenError;

/// Why a node could not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: {error}; choose another with {variable}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Which variable says so.
        variable: &'static str,
        /// Why not.
        error: std::io::Error,
    },
    /// The store.
    #[error("cannot open the store: {0}")]
    Store(#[from] OpenError),
    /// The operator wants it so.
    #[error("no circuit was usable, and SMSP_ALL_OPEN=exit")]
    Down,
    /// No log.
    #[error("cannot start the thread that writes the log: {0}; look at the limits on threads and open files")]
    Log(std::io::Error),
    /// No traces.
    #[error("cannot send traces: {0}")]
    Traces(Unusable),
    /// No direct delivery.
    #[error("cannot deliver to the recipients' own servers: {0}")]
    Direct(Unusable),
    /// No signals.
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let is_of_configuration = matches!(&error, StartError::Store(error) if error.is_of_configuration());
        Self { error: error.to_string(), is_of_configuration }
    }
}
