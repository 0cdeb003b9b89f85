//! What a store keeps of mails with a key, and of those without one that ended `unknown`: the calls that every store answers.
//!
//! A record is in flight, or says what its call came to. The rules that these calls hold together:
//!
//! - At most one call has a record in flight. The time that it may need is its lease, by the clock of the store.
//! - A record in flight whose lease is over *is* `unknown`: its node has died, or could not say what the call came to. Only
//!   a definite no of the call itself makes it free.
//! - A call changes the record as long as the record is its own, by its number, and says no more than `unknown`.
//! - A record is over a day after its end. Then its key is free.
//!
//! Deliberately absent: what an answer says. It is sealed before it comes here.

use std::time::Duration;

use uuid::Uuid;

use super::sealing::SealedAnswer;
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::model::message::key::IdempotencyKey;
use crate::state::store::Answered;

/// How long a record says what its call came to.
pub const KEPT: Duration = Duration::from_secs(24 * 3600);

/// The number of a call that may hand a mail over. No two have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallNumber(pub Uuid);

/// A call that wants to hand a mail over.
#[derive(Clone, Debug)]
pub struct NewCall {
    /// What its caller calls the mail.
    pub key: IdempotencyKey,
    /// The id that follows from the key and the message.
    pub id: Id,
    /// Who it is sent for.
    pub caller: CallerName,
    /// Its own number.
    pub number: CallNumber,
    /// How long it may need, until it has said what it came to.
    pub lease: Duration,
}

/// What a call finds under its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nothing, or this very call: it is in flight from now on.
    InFlight,
    /// Another call is in flight, for so long at most.
    Elsewhere {
        /// Until its lease is over.
        left: Duration,
    },
    /// What an earlier call came to.
    Held(Box<Record>),
    /// The key names another message.
    Reused,
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Which call.
    pub of: CallNumber,
    /// In a word.
    pub state: Recorded,
    /// Its answer; none where it has said nothing.
    pub answer: Option<SealedAnswer>,
    /// How long ago it said so.
    pub ended_ago: Duration,
}

/// What a call came to, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The outbox has the mail.
    Queued,
    /// A provider has it.
    Accepted,
    /// A provider may have it.
    Unknown,
}

/// What is seen of a mail by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallState {
    /// A call hands it over.
    InFlight,
    /// A call has ended.
    Ended(Record),
}

/// What a call says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The outbox has the mail.
    Queued,
    /// A provider has it. Without the answer where that could not be sealed.
    Accepted(Option<SealedAnswer>),
    /// A provider may have it.
    Unknown(Option<SealedAnswer>),
    /// Nobody has it: the key is free.
    None,
    /// It has changed nothing: what was held before is held again, or the key is free.
    AsBefore,
}

/// What became of the end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is written.
    Written,
    /// Somebody asks about the mail again; to be tried once more.
    NotYet,
    /// The record is another call's, or says more already, or is gone.
    Gone,
}

/// The records of all nodes that share a store.
pub trait StoredAnswers: Send + Sync {
    /// Has this call in flight, if its key is free. The same call may be repeated while it is.
    fn begin(&self, call: NewCall) -> Answered<'_, Begun>;

    /// Has a call of this number in flight about a mail that is `unknown` since the call `of`, whose answer is kept until it
    /// has ended. False: that is no longer so. The same call may be repeated while it is in flight.
    fn ask_again(&self, id: Id, of: CallNumber, number: CallNumber, lease: Duration) -> Answered<'_, bool>;

    /// Hears what a call came to: at its end, and after that if more becomes known.
    fn end(&self, id: Id, number: CallNumber, end: End) -> Answered<'_, Settled>;

    /// Keeps that a mail without a key is `unknown` by a call of this number, which may say more of it later.
    fn note(&self, caller: CallerName, id: Id, number: CallNumber, answer: SealedAnswer) -> Answered<'_, ()>;

    /// What is known of a caller's mail. Another caller's is as unknown as one that does not exist.
    fn look(&self, caller: CallerName, id: Id) -> Answered<'_, Option<CallState>>;

    /// Drops records that are over, at most so many: how many it were.
    fn sweep(&self, most: usize) -> Answered<'_, usize>;
}
