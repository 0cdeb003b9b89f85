//! What a stub does with one request.

use std::time::Duration;

use super::gate::Gate;
use super::reply::Reply;
use super::step::Step;

/// What a stub does once it has read a request to the last byte.
#[derive(Clone)]
pub(crate) enum Behaviour {
    /// Gives this answer.
    Answer(Reply),
    /// Gives this answer once the gate is open.
    AnswerBehind(Gate, Reply),
    /// Gives this answer, so late.
    AnswerAfter(Duration, Reply),
    /// Never answers; the connection stays open.
    Stall,
    /// Resets the connection.
    Reset,
    /// Closes the connection without a word.
    Close,
    /// Makes these moves.
    Steps(Vec<Step>),
}

impl Behaviour {
    /// What it tells the caller about the mail: taken, refused, or nothing for certain.
    pub(super) fn takes(&self) -> Option<bool> {
        match self {
            Self::Answer(reply) | Self::AnswerBehind(_, reply) | Self::AnswerAfter(_, reply) => reply.takes(),
            Self::Stall | Self::Reset | Self::Close | Self::Steps(_) => None,
        }
    }
}

impl From<Reply> for Behaviour {
    fn from(reply: Reply) -> Self {
        Self::Answer(reply)
    }
}
