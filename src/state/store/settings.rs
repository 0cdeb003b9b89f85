//! Where the store is, and its keys.

use std::path::PathBuf;

use crate::runtime::settings::{Parsed, Plain, Row, Setting, setting};

/// Where the store is. A secret, because the URL of a database server may hold a password.
pub const STORE: Row = Row::optional_secret(
    "STORE",
    "where the store is: `sqlite:` and the absolute path of a directory on a local disk, for one node alone, or \
     `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, for several. TLS is verified unless the host is a socket or loopback, or \
     the URL says `sslmode=disable`",
);

/// Who vouches for the database server.
pub const STORE_CA_FILE: Setting<Option<PathBuf>> = setting(
    "",
    &Plain { unit: "path", parse: path },
    "file with the certificates (PEM) of the authorities that vouch for the database server, instead of the system's",
)
.named("STORE_CA_FILE");

/// The keys of the store.
pub const STORE_KEY: Row = Row::optional_secret(
    "STORE_KEY",
    "key that encrypts whatever holds addresses or content in the store: a name, a colon and 64 hex digits. To replace it, \
     the new one and the old one with a comma between them: the first encrypts; required with `SMSP_STORE`",
);

/// The settings of this module, for people.
pub fn rows() -> Vec<crate::runtime::settings::Entry> {
    vec![STORE.entry(), STORE_CA_FILE.entry(), STORE_KEY.entry()]
}

fn path(text: &str) -> Parsed<Option<PathBuf>> {
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}
