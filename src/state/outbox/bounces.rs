//! Bounces that are due: which mail did not reach some of its recipients, though its sender has an address to be told at, and
//! has not been told.
//!
//! That one is due is written by the transaction that ends a recipient's part, so no crash loses it. It is due at once where
//! nothing of the mail waits any more, else after a quarter of the mail's age, counted from when it was to be sent, and half
//! a minute at least: what else fails until then is in the same bounce, so a mail to a thousand domains does not come to a
//! thousand bounces. A bounce is taken in by the transaction that notes whom it tells of: nobody is told of one recipient
//! twice.
//!
//! Deliberately absent: recipients that may have the mail, those of cancelled or erased mail, those that a provider has
//! refused, and bounces about bounces.

use std::time::Duration;

use super::parts::{PartId, PartVerdict};
use super::row::{RowId, State};
use super::sealed::{SealedContent, SealedRecipients};
use super::{Answered, Batch};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;

/// From the first recipient that fails to the bounce, at least, while others are on their way.
pub(super) const COLLECTING: Duration = Duration::from_secs(30);
/// So much of a mail's age passes from the first recipient that fails to the bounce: one part in so many.
pub(super) const PARTS_OF_AGE: i64 = 4;
/// The content of a mail that has more bytes is not read for a bounce, which shows its head alone.
pub(super) const MAX_READ: u64 = 1024 * 1024;

/// A mail of which a bounce is due.
pub struct DueBounce {
    /// Its row.
    pub row: RowId,
    /// Its id.
    pub id: Id,
    /// Who it was sent for.
    pub caller: CallerName,
    /// Since when it is in the store.
    pub accepted_at: UnixTime,
    /// Whom it went to, or was to go to.
    pub recipients: Option<SealedRecipients>,
    /// The parts that are to be told of; of a mail whose time was over before it was split none, because it is told of all.
    pub parts: Vec<FailedPart>,
    /// The message, where it is there still and not large.
    pub content: Option<SealedContent>,
}

/// A part whose recipients do not get the mail.
pub struct FailedPart {
    /// Its number.
    pub part: PartId,
    /// [`State::Refused`] or [`State::Expired`].
    pub state: State,
    /// The recipients' places in the order To, Cc, Bcc.
    pub places: Vec<u32>,
    /// The last verdict on each recipient, where there was one.
    pub verdicts: Vec<PartVerdict>,
    /// When it was handed over last, if it was.
    pub tried_at: Option<UnixTime>,
}

/// Whom a bounce tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Recipients of the mail in this row.
    pub row: RowId,
    /// Those of these parts; of a mail that was never split all.
    pub parts: Vec<PartId>,
}

impl DueBounce {
    /// All that it is due for.
    pub fn told(&self) -> Told {
        Told { row: self.row, parts: self.parts.iter().map(|failed| failed.part).collect() }
    }
}

/// What became of a bounce that was to come into the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounced {
    /// It is there.
    Queued,
    /// There is no room for it now.
    NoRoom,
    /// It is not due, or not for all of these: they were told of before, or are not to be told of any more.
    NotDue,
}

/// The bounces of the mails of all nodes that share a store.
pub trait DueBounces: Send + Sync {
    /// The mails of which a bounce is due, those first that have waited longest: at most so many.
    fn due_bounces(&self, limit: usize) -> Answered<'_, Vec<DueBounce>>;

    /// The bounce that is due about the mail of this part, if one is.
    fn bounce_of(&self, part: PartId) -> Answered<'_, Option<DueBounce>>;

    /// Takes a bounce into the outbox, a batch of one row, if it is due for all that it tells of; then it is not any more.
    fn queue_bounce<'a>(&'a self, told: &'a Told, bounce: Batch) -> Answered<'a, Bounced>;

    /// The bounce about this mail is not due before so long.
    fn put_off_bounce(&self, row: RowId, wait: Duration) -> Answered<'_, ()>;
}
