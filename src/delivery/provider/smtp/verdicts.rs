//! What a reply proves and whom it blames, by where in the dialogue it comes: the enhanced code first, the code second,
//! words last.
//!
//! [`table`] has one row for each kind of reply. Deliberately absent: the text itself, which [`super::reply_text`] reads so that
//! nobody but the relay can have written what counts.

mod table;

use crate::delivery::smtp_client::failure::Failure;
use crate::delivery::smtp_client::reply::Reply;
use crate::delivery::smtp_client::stage::Stage;
use crate::model::outcome::{Code, Outcome, Reason, Verdict};
pub(super) use table::speaks_of_a_rate;

/// A reply that is not the one that was hoped for.
pub(super) fn refused(stage: Stage, reply: &Reply) -> Verdict {
    let verdict = Verdict::new(out_of_step(stage, reply.code), Reason::Smtp(reply.code));
    let code = reply.enhanced().map(|(subject, detail)| Code::Enhanced(reply.code / 100, subject, detail));
    match table::find(stage, reply) {
        Some((subject, outcome)) => Verdict { outcome, ..verdict }.about(subject, code),
        None => Verdict { code, ..verdict },
    }
}

/// What a reply in no row comes to. A refusal in good form is a judgement, by a relay that lives; what says neither yes nor
/// no, or answers another command, is not, and after the end of a mail it may mean anything.
fn out_of_step(stage: Stage, code: u16) -> Outcome {
    match (stage, code) {
        (Stage::End, ..400) => Outcome::Unknown,
        (_, ..400) | (Stage::Opening, _) => Outcome::Unavailable,
        (Stage::Mail | Stage::Rcpt, 500 | 502..=504) => Outcome::Unclassified,
        _ => Outcome::Unlisted,
    }
}

/// Does a code say that the relay asks to wait, rather than its words? 421, 4.3.2 and 5.4.5 do.
pub(super) fn is_by_code(verdict: &Verdict) -> bool {
    let by_code = matches!(verdict.code, Some(Code::Enhanced(_, 3, 2) | Code::Enhanced(5, 4, 5)));
    by_code || verdict.reason == Reason::Smtp(421)
}

/// Before the end of a mail, each proves that nobody has it.
impl From<Failure> for Verdict {
    fn from(failure: Failure) -> Self {
        unless_answered(Outcome::Unavailable, failure)
    }
}

/// After the end of a mail, only an answer proves anything.
pub(super) fn after_the_end(failure: Failure) -> Verdict {
    unless_answered(Outcome::Unknown, failure)
}

/// The outcome is what it proves that no reply came, or none that makes sense.
fn unless_answered(outcome: Outcome, failure: Failure) -> Verdict {
    match failure {
        Failure::Refused(stage, reply) => refused(stage, &reply),
        // The client has no time limit of its own here, so it is the kernel that gave the connection up.
        Failure::Lost | Failure::Late => Verdict::new(outcome, Reason::ConnectionLost),
        Failure::Unreadable => Verdict::new(outcome, Reason::UnreadableAnswer),
        Failure::NoTls => Verdict::new(Outcome::Unavailable, Reason::Tls),
        Failure::TooLarge => Verdict::new(Outcome::NotCapable, Reason::Size),
        Failure::NoSmtputf8 => Verdict::new(Outcome::NotCapable, Reason::Smtputf8),
        Failure::NoEightBit => Verdict::new(Outcome::NotCapable, Reason::AttachmentType),
    }
}
