//! What became of a submission that is in good hands.

use std::sync::Arc;

use crate::model::message::Id;
use crate::model::receipt::{Attempt, Receipt};
use crate::service::outbox::Shown;
use crate::state::outbox::Ticket;

/// A submission of which no call has to be made again.
pub enum Sent {
    /// A provider has it.
    Accepted(Receipt),
    /// The outbox has it, by this call.
    Queued(Box<Queued>),
    /// The outbox has it, by an earlier call under its key; `None`: the store cannot tell now where it is.
    Kept(Id, Option<Box<Kept>>),
}

/// A mail that this call has queued.
#[derive(Debug)]
pub struct Queued {
    /// The mail in the outbox.
    pub ticket: Ticket,
    /// Every attempt of this call.
    pub attempts: Vec<Attempt>,
    /// The name of the rule that chose the upstreams, if one did.
    pub rule: Option<Arc<str>>,
    /// Did the caller ask for that, so that there was no attempt?
    pub is_asked_for: bool,
}

/// A mail that an earlier call has queued.
pub struct Kept {
    /// Where it is now.
    pub shown: Shown,
    /// How each upstream lets it be looked up.
    pub lookups: Vec<Lookup>,
}

/// The name of an upstream, the field by which it lets a mail be found, and what stands there.
pub type Lookup = (String, (&'static str, String));
