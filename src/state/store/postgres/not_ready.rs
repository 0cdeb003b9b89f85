//! Why the tables are not ready: what passes, and what a person has to change.

use tokio_postgres::error::SqlState;

use super::super::Failed;
use super::super::open_error::OpenError;

/// Why the tables are not ready.
#[derive(Debug)]
pub(super) enum NotReady {
    /// To try again without a change is no use.
    Refused(OpenError),
    /// The database said nothing, or no for now.
    Failed,
}

/// What the server refuses by this code, if it will do so again.
pub(super) fn refusal(code: &SqlState) -> Option<&'static str> {
    match *code {
        SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            Some("the login: correct the user and the password in SMSP_STORE, or let them in (pg_hba.conf)")
        }
        SqlState::INVALID_CATALOG_NAME => {
            Some("the login: there is no such database; create it, or correct its name in SMSP_STORE")
        }
        SqlState::INSUFFICIENT_PRIVILEGE => {
            Some("access to the tables: the user of SMSP_STORE has to own them, and to have CREATE on their schema")
        }
        _ => None,
    }
}

impl From<Failed> for NotReady {
    fn from(_: Failed) -> Self {
        Self::Failed
    }
}

impl From<OpenError> for NotReady {
    fn from(error: OpenError) -> Self {
        Self::Refused(error)
    }
}
