//! Mail in parts: rows of a table of their own, beside the submission that they are parts of.
//!
//! Every change of a part's state is followed by [`whole::refresh`], which brings the submission where its parts are.

mod calls;
pub(super) mod care;
mod changes;
pub(super) mod claim;
pub(super) mod domains;
mod ends;
mod freed;
mod hand_over;
mod late;
mod mixed;
mod orders;
mod row;
mod show;
mod split;
mod taken;
mod whole;

pub(super) use care::{bury, expire, follow_erased, park, release};
pub(super) use freed::release as release_parked;
pub(super) use orders::{cancel, is_split, reschedule, retry, settle};
pub(super) use show::{attempts, of};
pub(super) use taken::taken;
