//! Mail in parts: rows of a table of their own, beside the submission that they are parts of.
//!
//! Locks are taken in one order: the mail's row, its parts, then domains, as late as can be, because all mail to a domain
//! shares its row. A claim waits for nothing: what somebody else has locked is passed by. Every change of a part's state is
//! followed by [`whole::refresh`], which brings the mail where its parts are.

mod calls;
pub(super) mod care;
mod changes;
pub(super) mod claim;
pub(super) mod domains;
mod ends;
mod freed;
mod hand_over;
mod late;
mod orders;
mod row;
mod show;
mod split;
mod taken;
mod whole;

pub(super) use care::{bury, expire, follow_erased, park, release};
pub(super) use freed::release as release_parked;
pub(super) use orders::{cancel, erased, is_split, order, reschedule};
pub(super) use show::{ATTEMPTS, PARTS, attempts, parts};
pub(super) use taken::taken;
