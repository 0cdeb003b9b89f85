//! What a call with a key is, and what it has to do.

use std::time::Duration;

use super::known::Known;
use super::leader::{Follower, Leader};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::model::message::key::IdempotencyKey;
use crate::model::receipt::{Failure, SendError};

/// A call with a key.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// What its caller calls the mail.
    pub key: IdempotencyKey,
    /// The id of the mail, which follows from the key and the message.
    pub id: Id,
    /// Who it is sent for.
    pub caller: &'a CallerName,
    /// How long it may take to hand the mail over.
    pub lasts: Duration,
}

/// What a call with a key has to do.
pub enum Role {
    /// Send the mail: nothing is known of it yet.
    Leader(Leader),
    /// Ask again, where that cannot send a second mail: all that is known is that these attempts ended `unknown`.
    Again(Leader, SendError),
    /// Wait for the answer: the same mail is under way here.
    Follower(Follower),
    /// Return what is held.
    Held(Known),
    /// Refuse it: the key names another message, another node hands the mail over, or the store cannot be asked.
    Refused(Failure),
}
