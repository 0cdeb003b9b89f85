//! The settings of admins: their keys, and the key of a command.

use crate::runtime::settings::Row;

/// The keys of all admins.
pub const ADMIN_KEYS: Row =
    Row::optional_secret("ADMIN_KEYS", "keys of the admin listener, `name:role:key,name:role:key`, sent as `X-ADMIN-KEY`; the role is `viewer` or `operator`, the key may be `sha256:<hex>` and end with `;until=2027-01-31`")
        .by_default("none: only this machine sees circuits and gives orders");

/// The key that a command sends to the admin listener.
pub const ADMIN_KEY: Row = Row::optional_secret(
    "ADMIN_KEY",
    "the admin key, of any role, that commands send to a node, which has no use for it",
);
