//! Our id of a mail, a UUID: new for every request and passed in, unless the caller gave a key: then it is of version 8
//! (RFC 9562) and follows from the message (see [`super::key`]).

use std::fmt;

use uuid::Uuid;

/// The id of one mail, in the receipt, at the provider and in the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Uuid);

impl Id {
    /// The one that these bytes make.
    pub(super) fn of_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::new_v8(bytes))
    }
}

impl From<Uuid> for Id {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl From<Id> for Uuid {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
