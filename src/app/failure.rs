//! Why a command has failed.

use crate::state::store::OpenError;

/// Why a command has failed.
#[derive(Debug)]
pub struct Failure {
    /// For people.
    pub error: String,
    /// Is a restart without a change no use?
    pub is_of_configuration: bool,
}

impl From<String> for Failure {
    fn from(error: String) -> Self {
        Self { error, is_of_configuration: false }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self { error: error.to_string(), is_of_configuration: error.is_of_configuration() }
    }
}
