//! What a look at a store has found, which changes nothing in it.

use super::schema::Migrated;

/// What a look at a store has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Looked<T> {
    /// It would have to be migrated before it can be read: what that would do to the first module that needs it.
    Behind(Migrated),
    /// What was read.
    Read(T),
}
