//! What the holder of an admin key may do.

use crate::access::keys::KeyRole;

/// The later one may do all that the earlier one may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// See circuits and the audit log.
    Viewer,
    /// Give orders too.
    Operator,
}

impl Role {
    /// Every role, for tables.
    pub const ALL: [Self; 2] = [Self::Viewer, Self::Operator];

    /// The word for keys, logs and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
        }
    }
}

impl KeyRole for Role {
    const FORM: &'static str = "name:role:key, with the role viewer or operator";

    fn split(rest: &str) -> Option<(Self, &str)> {
        let (word, key) = rest.split_once(':')?;
        Some((Self::ALL.into_iter().find(|role| role.as_str() == word)?, key))
    }
}
