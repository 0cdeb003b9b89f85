//! Our id of a mail, a UUID: fresh for every request (version 7 of RFC 9562), unless the caller gave a key (version 8, see
//! [`super::key`]).

use std::fmt;

use uuid::Uuid;

/// The id of one mail, in the receipt, at the provider and in the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(Uuid);

impl Id {
    /// A new one.
    pub fn fresh() -> Self {
        Self(Uuid::now_v7())
    }

    /// The one that these bytes make.
    pub(super) fn of_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::new_v8(bytes))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
