//! The names of fields that the admin listener gives to parts of a call: these alone may stand in the log, beside those of a
//! mail that it explains.

/// Members of orders, and parameters of queries.
pub const FIELD_NAMES: [&str; 24] = [
    "override",
    "for",
    "reset",
    "paused",
    "retry",
    "state",
    "as",
    "recipient",
    "order",
    "count",
    "over",
    "status",
    "caller",
    "from_domain",
    "upstream",
    "accepted_from",
    "accepted_before",
    "possible_duplicate",
    "after",
    "limit",
    "body",
    "query",
    "send_at",
    "expires_at",
];
