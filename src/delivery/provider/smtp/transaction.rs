//! MAIL, RCPT, DATA: one mail is announced to a relay, which says of each recipient whether it takes it.
//!
//! A mail is never split: one relay, one transaction. Recipients that are too many for the relay are refused one by one, as
//! any others are. RCPT goes ahead of the answers where the relay allows that, or a thousand of them would take a
//! thousand round trips. Deliberately absent: MAIL and DATA ahead of answers, which would save two.

use super::super::hand_over::HandOver;
use super::mail::Mail;
use super::reply::Reply;
use super::session::Session;
use super::stage::Stage;
use super::verdicts::refused;
use crate::model::message::Address;
use crate::model::outcome::{Outcome, Reason, Recipient, Subject, Verdict};

/// Bytes of commands ahead of the answers: what the smallest window takes in, so that it never is each side's turn to read
/// (RFC 2920 3.1).
const AHEAD: usize = 4096;

/// Up to the relay's word that it waits for the mail, and what it says of every recipient: at least one is taken.
pub(super) async fn begin(
    mut session: Session,
    mail: &Mail,
    hand_over: &HandOver,
) -> Result<(Session, Vec<Recipient>), Verdict> {
    match announce(&mut session, mail, hand_over).await {
        Ok(recipients) => Ok((session, recipients)),
        Err(verdict) => {
            session.leave();
            Err(verdict)
        }
    }
}

async fn announce(session: &mut Session, mail: &Mail, hand_over: &HandOver) -> Result<Vec<Recipient>, Verdict> {
    let recipients = envelope(session, mail, || hand_over.moved()).await?;
    session.expect(Stage::Data, 354, "DATA").await?;
    hand_over.moved();
    Ok(recipients)
}

/// A dialogue without DATA, and forgotten again.
pub(super) async fn probe(mut session: Session, mail: &Mail) -> Result<Verdict, Verdict> {
    // A probe waits for few answers, all of them the relay's own time.
    let taken = envelope(&mut session, mail, || {}).await;
    let forgotten = session.expect(Stage::Data, 250, "RSET").await;
    session.leave();
    taken.and(forgotten).map(|reply| Verdict::accepted(Reason::Smtp(reply.code), None))
}

/// MAIL, and RCPT for each recipient; `moved` is told of every answer, for a mail may have many.
async fn envelope(session: &mut Session, mail: &Mail, moved: impl Fn()) -> Result<Vec<Recipient>, Verdict> {
    let parameters = parameters(session, mail)?;
    let from = format!("MAIL FROM:<{}>{parameters}", mail.from.as_str());
    session.expect(Stage::Mail, 250, &from).await.map_err(|verdict| of_its_letters(Stage::Mail, verdict, mail))?;
    moved();
    let (mut verdicts, mut rest) = (Vec::with_capacity(mail.to.len()), &mail.to[..]);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(at_once(rest, session.extensions().pipelining));
        session.send(&now.iter().map(rcpt).collect::<Vec<_>>().join("\r\n")).await?;
        for _ in now {
            let reply = session.reply().await?;
            moved();
            verdicts.push(of_recipient(&reply, mail)?);
        }
        rest = later;
    }
    if let Some(verdict) = none_taken(&verdicts) {
        return Err(verdict);
    }
    let recipient = |(to, verdict): (&Address, Verdict)| Recipient {
        email: to.as_str().to_owned(),
        outcome: verdict.outcome,
        reason: verdict.reason,
    };
    Ok(mail.to.iter().zip(verdicts).map(recipient).collect())
}

/// How many of these, one at least, are named before the first answer is read.
pub(super) fn at_once(recipients: &[Address], pipelining: bool) -> usize {
    let sizes = recipients.iter().map(|to| rcpt(to).len() + 2);
    let sums = sizes.scan(0, |sum, size| {
        *sum += size;
        Some(*sum)
    });
    if pipelining { sums.take_while(|sum| *sum <= AHEAD).count().max(1) } else { 1 }
}

fn rcpt(to: &Address) -> String {
    format!("RCPT TO:<{}>", to.as_str())
}

/// What it says of one recipient; or that it hangs up.
fn of_recipient(reply: &Reply, mail: &Mail) -> Result<Verdict, Verdict> {
    match reply.code {
        421 => Err(refused(Stage::Rcpt, reply)),
        250 | 251 => Ok(Verdict::accepted(Reason::Smtp(reply.code), None)),
        _ => Ok(of_its_letters(Stage::Rcpt, refused(Stage::Rcpt, reply), mail)),
    }
}

/// A relay that does not understand a command may only not understand its letters beyond ASCII, or the parameter that
/// announces them: those are the caller's choice, and another relay may know them.
fn of_its_letters(stage: Stage, verdict: Verdict, mail: &Mail) -> Verdict {
    let is_unsure = match verdict.outcome {
        Outcome::Unclassified => true,
        Outcome::MessageRejected => stage == Stage::Mail,
        _ => false,
    };
    if !(mail.utf8 && is_unsure) {
        return verdict;
    }
    let code = verdict.code;
    Verdict { outcome: Outcome::NotCapable, ..verdict }.about(Subject::Content, code)
}

/// What this relay wants to know beforehand (RFC 1870, RFC 6152, RFC 6531); or why it cannot take the mail.
fn parameters(session: &Session, mail: &Mail) -> Result<String, Verdict> {
    let (extensions, size) = (session.extensions(), mail.file.len());
    if extensions.max_size.is_some_and(|most| size > most) {
        return Err(Verdict::new(Outcome::NotCapable, Reason::Size));
    }
    if mail.utf8 && !extensions.smtputf8 {
        return Err(Verdict::new(Outcome::NotCapable, Reason::Smtputf8));
    }
    // SMTPUTF8 includes it (RFC 6531 3.1).
    if mail.eight_bit && !(extensions.eight_bit || extensions.smtputf8) {
        return Err(Verdict::new(Outcome::NotCapable, Reason::AttachmentType));
    }
    let size = if extensions.size { format!(" SIZE={size}") } else { String::new() };
    let body = if mail.eight_bit || mail.utf8 { " BODY=8BITMIME" } else { "" };
    Ok(size + body + if mail.utf8 { " SMTPUTF8" } else { "" })
}

/// What the mail came to if nobody gets it: what is said of the relay or the account first, then what leaves most hope.
/// Only if all of the recipients are at fault themselves, the mail is; else another relay may do better.
fn none_taken(verdicts: &[Verdict]) -> Option<Verdict> {
    let rank = |verdict: &&Verdict| match verdict.outcome {
        Outcome::AccountRefused | Outcome::Throttled | Outcome::Unavailable => 0,
        Outcome::Deferred => 1,
        Outcome::Unlisted | Outcome::NotCapable | Outcome::SenderRejected => 2,
        // It has judged others, so it may have meant the recipient.
        Outcome::Unclassified => 3,
        _ => 4,
    };
    if verdicts.iter().any(|verdict| verdict.outcome == Outcome::Accepted) {
        return None;
    }
    verdicts.iter().min_by_key(rank).cloned()
}
