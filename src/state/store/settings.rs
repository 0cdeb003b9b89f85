//! Where the store is, and its keys.

use crate::runtime::settings::Row;

/// Where the store is. A secret, because the URL of a database server may hold a password.
pub const STORE: Row = Row::optional_secret(
    "STORE",
    "where the store is: `sqlite:` and the absolute path of a directory on a local disk, for one node alone",
);

/// The keys of the store.
pub const STORE_KEY: Row = Row::optional_secret(
    "STORE_KEY",
    "key that encrypts whatever holds addresses or content in the store: a name, a colon and 64 hex digits. To replace it, \
     the new one and the old one with a comma between them: the first encrypts; required with `SMSP_STORE`",
);

/// The settings of this module, for people.
pub fn rows() -> Vec<crate::runtime::settings::Entry> {
    vec![STORE.entry(), STORE_KEY.entry()]
}
