//! Whom a bounce tells of, and when it is due, in the words of SQL.

/// A part `p` that is to be told of: nobody has it, and nobody was told.
pub(super) const FAILED: &str = "p.state in (6, 7) and not p.bounced and not p.possible_duplicate";

/// When a bounce is due of a mail `o` whose time is over before it was split: at once, where its route ends at its recipients'
/// own servers.
pub(super) const AT_EXPIRY: &str = "case when o.bounces and not o.erased and not o.possible_duplicate
        and 'mx' = any (string_to_array(o.route_set, ',')) then smsp_now() end";
