//! Why the tables are not ready: what passes, and what a person has to change.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::super::Failed;
use super::super::open_error::OpenError;
use super::tls;

/// Why the tables are not ready.
#[derive(Debug)]
pub(super) enum NotReady {
    /// To try again without a change is no use.
    Refused(OpenError),
    /// The database said nothing, or no for now.
    Failed,
    /// Nobody has asked it: other transactions of this node have all connections.
    Busy,
    /// The server lets nobody else in now, and this pool has no connection yet.
    Full,
}

/// What is refused to a new connection, if it will be refused again.
pub(super) fn refusal_of(error: &Error) -> Option<&'static str> {
    let said = error.source().map(ToString::to_string);
    match said.as_deref() {
        // What the driver says before it has asked for anything; it has no code for that.
        Some("password missing") => Some("the login: it asks for a password, and SMSP_STORE has none"),
        Some("server does not support TLS") => {
            Some("TLS: turn it on at the server; `sslmode=disable` in SMSP_STORE would send everything in clear")
        }
        _ => error.code().and_then(refusal).or_else(|| tls::refusal(error)),
    }
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

impl From<NotReady> for OpenError {
    fn from(not_ready: NotReady) -> Self {
        match not_ready {
            NotReady::Refused(error) => error,
            NotReady::Failed | NotReady::Busy | NotReady::Full => Failed::Down.into(),
        }
    }
}

impl From<OpenError> for NotReady {
    fn from(error: OpenError) -> Self {
        Self::Refused(error)
    }
}
