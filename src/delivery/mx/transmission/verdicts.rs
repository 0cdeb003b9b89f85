//! What a mail host's reply, or its silence, means for a recipient.
//!
//! Codes alone are read, the enhanced one first, never words: 4yz is refused for now, 5yz for good (RFC 5321 4.2.1). Not
//! for good are one recipient too many for a transaction, whatever the class (RFC 5321 4.5.3.1.10), and what is said before
//! MAIL, which speaks of no mail.

use super::opening::Closed;
use super::recipient_end::RecipientEnd;
use crate::delivery::smtp_client::failure::Failure;
use crate::delivery::smtp_client::reply::Reply;
use crate::delivery::smtp_client::stage::Stage;
use crate::model::outcome::{Code, Outcome, Reason};

/// "System not accepting messages", "mail system congestion", and Gmail's rate of an address (RFC 3463 3.4, 3.5).
const BUSY: [(u16, u16); 3] = [(3, 2), (4, 5), (7, 28)];
/// "Too many recipients" (RFC 3463 3.6).
const TOO_MANY: (u16, u16) = (5, 3);

/// "Encryption needed", in general and for a way to authenticate (RFC 5248 2.4, RFC 4954 6).
const TLS_NEEDED: [(u16, u16); 2] = [(7, 10), (7, 11)];

/// What it means in a session that is in clear although the host offers TLS: what is refused for the lack of TLS, or is offered
/// under TLS alone, may go with the next session (RFC 3207 4.1). Else one handshake that is broken off would have the mail refused.
pub(super) fn without_tls(end: RecipientEnd) -> RecipientEnd {
    let is_for_tls = match (end.reason, end.code) {
        _ if !end.is_refused() => false,
        (_, Some(Code::Enhanced(_, subject, detail))) if TLS_NEEDED.contains(&(subject, detail)) => true,
        (Reason::Smtp(530 | 538), _) => true,
        _ => end.outcome == Outcome::NotCapable,
    };
    if is_for_tls { RecipientEnd { reason: Reason::Tls, outcome: Outcome::Unavailable, ..end } } else { end }
}

/// What a reply to RCPT means for its recipient.
pub(super) fn of_recipient(reply: &Reply) -> RecipientEnd {
    match reply.code {
        250 | 251 => taken(reply),
        _ => of_reply(Stage::Rcpt, reply),
    }
}

/// What the answer to the end of a mail means for all that it was for.
pub(super) fn at_the_end(answer: Result<Reply, Failure>) -> RecipientEnd {
    let unknown = |reason| RecipientEnd::new(Outcome::Unknown, reason);
    match answer {
        Ok(reply) if reply.is_success() => taken(&reply),
        Ok(reply) => of_reply(Stage::End, &reply),
        Err(Failure::Late) => unknown(Reason::Timeout),
        Err(Failure::Unreadable) => unknown(Reason::UnreadableAnswer),
        Err(_) => unknown(Reason::ConnectionLost),
    }
}

/// What a failure before the end of a mail means: nobody has it.
pub(super) fn before_the_end(failure: Failure) -> RecipientEnd {
    let unavailable = |reason| RecipientEnd::new(Outcome::Unavailable, reason);
    let lacks = |reason, subject, detail| {
        RecipientEnd::new(Outcome::NotCapable, reason).with_code(Some(Code::Enhanced(5, subject, detail)))
    };
    match failure {
        Failure::Refused(stage, reply) => of_reply(stage, &reply),
        Failure::Lost => unavailable(Reason::ConnectionLost),
        Failure::Late => unavailable(Reason::Timeout),
        Failure::Unreadable => unavailable(Reason::UnreadableAnswer),
        Failure::NoTls => unavailable(Reason::Tls),
        Failure::TooLarge => lacks(Reason::Size, 3, 4),
        Failure::NoSmtputf8 => lacks(Reason::Smtputf8, 6, 7),
        Failure::NoEightBit => lacks(Reason::AttachmentType, 6, 3),
    }
}

/// What it means that no session was opened.
pub(super) fn of_closed(closed: Closed) -> RecipientEnd {
    match closed {
        Closed::NoWay => RecipientEnd::new(Outcome::Unavailable, Reason::Connect),
        Closed::NoConnection(reason) => RecipientEnd::new(Outcome::Unavailable, reason),
        Closed::Failed(failure) => before_the_end(failure),
    }
}

/// Does a reply to RCPT say that this transaction has recipients enough, and another may have more?
pub(super) fn is_one_too_many(reply: &Reply) -> bool {
    match reply.enhanced() {
        Some(code) => code == TOO_MANY,
        None => matches!(reply.code, 452 | 552),
    }
}

fn taken(reply: &Reply) -> RecipientEnd {
    RecipientEnd::new(Outcome::Accepted, Reason::Smtp(reply.code)).with_code(enhanced(reply))
}

fn of_reply(stage: Stage, reply: &Reply) -> RecipientEnd {
    let is_busy = reply.code == 421 || reply.enhanced().is_some_and(|code| BUSY.contains(&code));
    let outcome = match (stage, reply.code) {
        (Stage::End, ..400) => Outcome::Unknown,
        (_, 400..500) if is_busy => Outcome::Throttled,
        (Stage::Opening | Stage::Reset, _) | (_, ..400) => Outcome::Unavailable,
        (_, 400..500) => Outcome::Deferred,
        (Stage::Rcpt, _) if is_one_too_many(reply) => Outcome::Deferred,
        _ => Outcome::MessageRejected,
    };
    RecipientEnd::new(outcome, Reason::Smtp(reply.code)).with_code(enhanced(reply))
}

fn enhanced(reply: &Reply) -> Option<Code> {
    reply.enhanced().map(|(subject, detail)| Code::Enhanced(reply.code / 100, subject, detail))
}
