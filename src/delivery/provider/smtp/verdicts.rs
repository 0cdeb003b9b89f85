//! What a reply proves and whom it blames, by where in the dialogue it comes: the enhanced code first, the code second,
//! words last.
//!
//! [`table`] has one row for each kind of reply. Deliberately absent: the text itself, which [`super::reply_text`] reads so that
//! nobody but the relay can have written what counts.

mod table;

use std::io::{self, ErrorKind};

use super::reply::Reply;
use super::stage::Stage;
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

/// The reply, if it has this code.
pub(super) fn expect(stage: Stage, code: u16, reply: io::Result<Reply>) -> Result<Reply, Verdict> {
    match reply {
        Ok(reply) if reply.code == code => Ok(reply),
        Ok(reply) => Err(refused(stage, &reply)),
        Err(error) => Err(lost(Outcome::Unavailable, &error)),
    }
}

/// No reply, or none that makes sense; the outcome is what that proves.
pub(super) fn lost(outcome: Outcome, error: &io::Error) -> Verdict {
    let unreadable = error.kind() == ErrorKind::InvalidData;
    Verdict::new(outcome, if unreadable { Reason::UnreadableAnswer } else { Reason::ConnectionLost })
}
