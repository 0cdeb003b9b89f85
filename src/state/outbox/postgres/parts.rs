//! Mail in parts: rows of a table of their own, beside the submission that they are parts of.
//!
//! Locks are taken in one order: the mail's row, its parts, then domains, as late as can be, because all mail to a domain
//! shares its row. A claim waits for nothing: what somebody else has locked is passed by. Splits, marks and ends that share a
//! transaction wait for no mail: those whose mail somebody else has locked are in a later one. Every change of a part's state
//! is followed by [`whole::refresh`], which brings the mail where its parts are.

mod calls;
pub(super) mod care;
mod changes;
pub(super) mod claim;
pub(super) mod domains;
pub(super) mod ends;
mod freed;
mod hand_over;
mod late;
mod locks;
pub(super) mod marks;
mod orders;
mod row;
mod show;
pub(super) mod split;
mod taken;
mod single_ends;
mod whole;

pub(super) use care::{bury, expire, follow_erased, park, release};
pub(super) use ends::PartEnds;
pub(super) use freed::release as release_parked;
pub(super) use marks::PartMarks;
pub(super) use orders::{cancel, erased, is_split, order, reschedule};
pub(super) use show::{ATTEMPTS, PARTS, attempts, parts};
pub(super) use split::Splits;
pub(super) use taken::taken;
