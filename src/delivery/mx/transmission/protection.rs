//! What keeps a session from being read by others.

use super::level::Level;
use crate::delivery::smtp_client::session::Session;

/// What keeps a session from being read by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Nothing: the host offers no TLS.
    None,
    /// Nothing: the host offers TLS, and it could not be begun.
    Failed,
    /// TLS, with whatever certificate.
    Unchecked,
    /// TLS with a certificate that names the host and is trusted.
    Verified,
}

impl Protection {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::None, Self::Failed, Self::Unchecked, Self::Verified];

    /// What a session has that was opened at this level.
    pub(super) fn of(session: &Session, level: Level) -> Self {
        match level {
            _ if session.lacks_tls() => Self::Failed,
            _ if !session.is_encrypted() => Self::None,
            Level::Verified => Self::Verified,
            Level::Opportunistic | Level::Required => Self::Unchecked,
        }
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Failed => "failed",
            Self::Unchecked => "unchecked",
            Self::Verified => "verified",
        }
    }
}
