//! The setting of admins: their keys.

use crate::runtime::settings::Row;

/// The keys of all admins.
pub const ADMIN_KEYS: Row =
    Row::optional_secret("ADMIN_KEYS", "keys for the admin listener, `name:role:key,name:role:key`: see \"Operating\"")
        .by_default("none: only this machine sees circuits and gives orders");
