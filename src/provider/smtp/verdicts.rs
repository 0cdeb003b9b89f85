//! What an answer proves, by where in the conversation it comes (RFC 5321 4.2, RFC 3463): the enhanced code first, the
//! code second, words last.

use std::io::{self, ErrorKind};

use super::reply::Reply;
use crate::outcome::{Outcome, Reason, Verdict};

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Are you there?
    Opening,
    /// Is this us?
    Auth,
    /// May this sender send?
    Mail,
    /// Do you take it for this recipient?
    Rcpt,
    /// Shall we begin?
    Data,
    /// Have you got it?
    End,
}

/// An answer that is not the one that was hoped for.
pub(super) fn refused(stage: Stage, reply: &Reply) -> Verdict {
    Verdict::new(outcome(stage, reply), Reason::Smtp(reply.code))
}

/// The answer, if it has this code.
pub(super) fn expect(stage: Stage, code: u16, reply: io::Result<Reply>) -> Result<Reply, Verdict> {
    match reply {
        Ok(reply) if reply.code == code => Ok(reply),
        Ok(reply) => Err(refused(stage, &reply)),
        Err(error) => Err(lost(Outcome::Unavailable, &error)),
    }
}

/// No answer, or none that makes sense; the outcome is what that proves.
pub(super) fn lost(outcome: Outcome, error: &io::Error) -> Verdict {
    let unreadable = error.kind() == ErrorKind::InvalidData;
    Verdict::new(outcome, if unreadable { Reason::UnreadableAnswer } else { Reason::ConnectionLost })
}

fn outcome(stage: Stage, reply: &Reply) -> Outcome {
    match (stage, reply.code) {
        // Out of step: it has not said no.
        (Stage::End, 200..=399) => Outcome::Unknown,
        (_, 200..=399) | (Stage::Opening, _) => Outcome::Unavailable,
        (_, 400..=499) => Outcome::Throttled,
        (Stage::Auth, _) => Outcome::AccountRefused,
        (Stage::Mail, code) => of_sender(code),
        (Stage::Rcpt, code) => of_recipient(code, reply),
        (Stage::Data | Stage::End, code) => of_policy(reply).unwrap_or_else(|| of_mail(code, reply)),
    }
}

fn of_sender(code: u16) -> Outcome {
    match code {
        530 => Outcome::AccountRefused,
        550 | 553 | 554 => Outcome::SenderRejected,
        501 => Outcome::MessageRejected,
        // Another may take a larger one.
        552 => Outcome::NotCapable,
        _ => Outcome::Unclassified,
    }
}

/// Authorization and the like: who sends, or on whose account.
fn of_policy(reply: &Reply) -> Option<Outcome> {
    const ACCOUNT: [&str; 4] = ["relay", "authent", "account", "client host"];
    match (reply.enhanced(), reply.code) {
        (Some((7, _)), _) if reply.says(&ACCOUNT) => Some(Outcome::AccountRefused),
        (Some((1, 7 | 8)), _) => Some(Outcome::SenderRejected),
        (Some((7, _)), _) if reply.says(&["sender", "send as", "verified"]) => Some(Outcome::SenderRejected),
        // It does not like what the mail says; another may.
        (Some((7, _)), _) => Some(Outcome::NotCapable),
        (_, 530) => Some(Outcome::AccountRefused),
        (None, 550 | 554) if reply.says(&["relay"]) => Some(Outcome::AccountRefused),
        _ => None,
    }
}

/// A relay that does not go there, or does not like the mail's company, cannot carry this one. It is not to blame: else a
/// caller who writes to the wrong place could open its circuit.
fn of_recipient(code: u16, reply: &Reply) -> Outcome {
    match (reply.enhanced(), code) {
        (_, 530) => Outcome::AccountRefused,
        (Some((1, 7 | 8)), _) => Outcome::SenderRejected,
        (Some((7, _)), _) => Outcome::NotCapable,
        (None, 550 | 554) if reply.says(&["relay"]) => Outcome::NotCapable,
        (Some((1 | 2, _)), _) => Outcome::MessageRejected,
        // Too many recipients, in the words of RFC 821 (RFC 5321 4.5.3.1.10).
        (_, 552) => Outcome::Throttled,
        (_, 501 | 550 | 551 | 553 | 556) => Outcome::MessageRejected,
        _ => Outcome::Unclassified,
    }
}

fn of_mail(code: u16, reply: &Reply) -> Outcome {
    match (reply.enhanced(), code) {
        (Some((3, 4)), _) | (None, 552) => Outcome::NotCapable,
        (Some((6, _)), _) => Outcome::MessageRejected,
        // SES has no enhanced code for an address or domain that it does not know.
        (None, 550 | 554) if reply.says(&["not verified", "verified sender"]) => Outcome::SenderRejected,
        _ => Outcome::Unclassified,
    }
}
