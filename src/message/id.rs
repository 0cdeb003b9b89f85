//! Our id of a mail: a UUIDv7 (RFC 9562), unique without a store and sortable by time.

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
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
