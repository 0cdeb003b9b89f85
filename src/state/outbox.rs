//! The outbox: submissions that are accepted now and delivered later, kept in the store.
//!
//! A row is one submission on its way. Its [`State`] changes by the calls of [`Outbox`] alone; each is one conditional
//! change, with the fence and the state among its conditions. The rules that they hold together:
//!
//! - A row that is only claimed goes back to the queue when its node dies. A row that is marked never does: it becomes
//!   `unknown`, because a provider may have the mail.
//! - [`Outbox::mark`] is on the disk before the first byte of the mail is on the wire. It refuses where the mail has
//!   expired, was cancelled or erased, or belongs to another claim by now.
//! - Under one fence there is at most one hand-over that did not end in a definite no, unless the row says that there may be
//!   a second copy. The pump holds this. A new fence after a mark comes by
//!   a verdict, by a replay at the same upstream, or by the order of a person; never by a clock.
//! - A store that is an older copy of itself gives out no rows, until a person has accepted it. An order of a person is in
//!   the store with who gave it, or was not carried out.
//!
//! Time is the store's own: where several nodes share a database, that database's clock. Contents and recipients are
//! sealed before they come here ([`Sealed`]). Deliberately absent: when to claim and what to send it with; the pump knows.

mod acceptance;
mod bounces;
mod bound;
mod claim;
mod counted;
mod drain;
mod earlier;
mod encoding;
mod ending;
mod first_places;
mod history;
mod interface;
mod lost;
mod measure;
mod operators;
mod order_all;
mod overview;
mod parts;
mod paused_start;
mod postgres;
pub mod pump;
mod row;
mod sealed;
mod sealing;
mod selection;
pub mod settings;
mod sqlite;
mod status;
mod tasks;
mod traced;
mod traced_parts;
mod unsent;

pub use acceptance::{Acceptance, Batch, Full, NewRow, Room, Ticket, When};
pub use bounces::{Bounced, DueBounce, DueBounces, FailedPart, Told};
pub use bound::Bound;
pub use claim::{Buried, Claimed, NamedMail, Queued, Stale, Swept, Wanted};
pub use counted::{CountedOutbox, CountedParts, metrics_of};
pub use drain::{Drain, Estimate};
pub use earlier::{Earlier, Tried};
pub use encoding::{Unreadable, decode, encode};
pub use ending::{ATTEMPT, Ended, Mark, RecipientVerdict, Verdict};
pub use history::{Epoch, History, KEPT_NOTES, Memory, Note, Noted, Point, Restored, SWEPT_NOTES, WentBack};
pub use interface::Outbox;
pub use measure::measure;
pub use operators::{Count, Erased, Erasing, Order, Ordered, Release, Released};
pub use order_all::{OrderAll, OrderedAll};
pub use overview::Overview;
pub use parts::{
    ClaimedPart, NewPart, PartEnded, PartHold, PartId, PartStatus, PartTo, PartVerdict, Parts, Split, WantedParts,
};
pub use paused_start::PausedStart;
pub use postgres::{PostgresOutbox, TABLES as POSTGRES_TABLES};
pub use row::{Fence, Hold, Lane, NodeId, RouteSet, RowId, RulesVersion, State};
pub use sealed::{Hmac, KeyId, Sealed, SealedContent, SealedRecipients};
pub use sealing::{NotSealed, Sealer};
pub use selection::{CountedRows, Listed, Listing, Place, Selection, Sort, Walked};
pub use settings::Settings;
pub use sqlite::{Keeping, SqliteOutbox, TABLES};
pub use status::{Change, Cursor, Filter, Page, Status, TriedAt};
pub use traced::{TracedOutbox, Traces};
pub use traced_parts::TracedParts;
pub use unsent::{warn_of_parts, warn_of_waiting};

pub use crate::state::store::{Answered, Failed, Withdrawal};

#[cfg(test)]
mod suite;
