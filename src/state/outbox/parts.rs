//! Mail that goes to the recipients' own servers: in parts, one for each domain, each with a way of its own.
//!
//! A mail that is split stays where it is, with its content and all of its recipients, and shows what its parts come to. No
//! recipient is in two parts. Where the recipients of a part come to different ends, the part is divided, so that the state
//! of a part is that of each of its recipients.
//!
//! Deliberately absent: replays (SMTP has none), names of domains (an [`Hmac`] stands for one; the content has the address).

mod ended;
mod groups;
mod part;
mod taken;
mod whole;
mod written;

use std::time::Duration;

use super::row::{Hold, NodeId, State};
use super::sealed::Hmac;
use super::{Answered, DueBounces};
use crate::runtime::unix_time::UnixTime;

pub(super) use ended::worst;
pub use ended::{PartEnded, PartTo, PartVerdict};
pub(super) use groups::{Group, came_to, groups};
pub use part::{ClaimedPart, NewPart, PartHold, PartId, PartStatus, Split, WantedParts};
pub(super) use taken::taken;
pub(super) use whole::{rests, whole};
pub(super) use written::{read_places, read_verdicts, written_places, written_verdicts};

/// The upstream of a mail that is split, in counts and lists: no provider has this name.
pub(super) const UPSTREAM: &str = "mx";

/// The parts of the mails of all nodes that share a store.
///
/// What holds for the calls of [`super::Outbox`] holds here: what a call has changed is on the disk when its answer is there.
/// [`super::Outbox::bury`], [`super::Outbox::sweep`], [`super::Outbox::heartbeat`] and the orders are of mails and parts.
pub trait Parts: DueBounces {
    /// Splits a mail in hand: consents as [`super::Outbox::mark`] does, or not. Its parts are due at once. Asked once more, it
    /// consents again and makes no second parts. It does not consent to a part without recipients, to two parts of a domain, or
    /// to a recipient in two parts.
    fn split<'a>(&'a self, hold: &'a Hold, split: &'a Split) -> Answered<'a, bool>;

    /// Claims due parts for a node, of the domains that have waited longest since their turn. None while the outbox is paused.
    fn claim_parts<'a>(&'a self, node: NodeId, wanted: &'a WantedParts) -> Answered<'a, Vec<ClaimedPart>>;

    /// Gives claimed parts back unharmed, to wait for so long. Marked ones stay as they are. How many went back.
    fn give_back_parts<'a>(&'a self, holds: &'a [PartHold], wait: Duration) -> Answered<'a, usize>;

    /// No part of this domain is claimed for so long at least, by any node: another one may have closed it for longer. Zero:
    /// from now on they are, whichever node has closed it.
    fn close_domain<'a>(&'a self, domain: &'a Hmac, wait: Duration) -> Answered<'a, ()>;

    /// From now on parts of this domain are claimed, if it is closed for no longer than this: else another node has closed it.
    fn open_domain<'a>(&'a self, domain: &'a Hmac, closed_for: Duration) -> Answered<'a, ()>;

    /// Since when the oldest mail of each of these domains is in the store of which something waits. What it costs is a look at
    /// an index for each, so who asks bounds how many.
    fn oldest_of<'a>(&'a self, domains: &'a [Hmac]) -> Answered<'a, Vec<Option<UnixTime>>>;

    /// Asks for the store's consent to hand this part over: true, and it may go on the wire.
    fn mark_part<'a>(&'a self, hold: &'a PartHold) -> Answered<'a, bool>;

    /// Records what became of a claim: the state of the mail by now, or none where the fence is lost. Final only for the end that
    /// has ended the mail, and for its repeat, so that nobody tells of that twice. [`State::Parked`] of a part that was lost so
    /// often that it is parked, though others of the mail wait. Late verdicts are taken as by [`super::Outbox::end`].
    fn end_part<'a>(&'a self, hold: &'a PartHold, ended: &'a PartEnded) -> Answered<'a, Option<State>>;
}
