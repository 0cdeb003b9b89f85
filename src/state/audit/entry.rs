//! A record as a store keeps it: who, from where and at which node, and the change in the words of the module that made it.

use uuid::Uuid;

use crate::runtime::unix_time::UnixTime;

/// A record to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its own: written twice, as after an answer that was lost, it is there once.
    pub id: Uuid,
    /// The node that carried the order out, by the name of its host.
    pub node: String,
    /// The name of who gave it.
    pub who: String,
    /// The other end of the connection, if it came over one.
    pub from: Option<String>,
    /// What was changed, as text of the module that changes.
    pub change: String,
}

/// A record that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// A later record has a higher one.
    pub number: i64,
    /// When it took effect, by the clock of the store.
    pub at: UnixTime,
    /// What was written.
    pub entry: Entry,
}
