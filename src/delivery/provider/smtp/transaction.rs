//! One mail is announced to a relay, and what it says of the mail and of each recipient is judged.

use super::mail::Mail;
use super::verdicts::refused;
use crate::delivery::smtp_client::envelope;
use crate::delivery::smtp_client::failure::Failure;
use crate::delivery::smtp_client::progress::Progress;
use crate::delivery::smtp_client::reply::Reply;
use crate::delivery::smtp_client::session::Session;
use crate::delivery::smtp_client::stage::Stage;
use crate::model::message::Address;
use crate::model::outcome::{Outcome, Reason, Recipient, Subject, Verdict};

/// Up to the relay's word that it waits for the mail, and what it says of every recipient: at least one is taken.
pub(super) async fn begin(
    mut session: Session,
    mail: &Mail,
    progress: &impl Progress,
) -> Result<(Session, Vec<Recipient>), Verdict> {
    match announce(&mut session, mail, progress).await {
        Ok(recipients) => Ok((session, recipients)),
        Err(verdict) => {
            session.leave();
            Err(verdict)
        }
    }
}

async fn announce(session: &mut Session, mail: &Mail, progress: &impl Progress) -> Result<Vec<Recipient>, Verdict> {
    let recipients = recipients(session, mail, progress).await?;
    session.expect(Stage::Data, 354, "DATA").await?;
    progress.moved();
    Ok(recipients)
}

/// A dialogue without DATA, and forgotten again.
pub(super) async fn probe(mut session: Session, mail: &Mail) -> Result<Verdict, Verdict> {
    // A probe waits for few answers, all of them the relay's own time.
    let taken = recipients(&mut session, mail, &()).await;
    let forgotten = session.expect(Stage::Data, 250, "RSET").await;
    session.leave();
    taken?;
    Ok(Verdict::accepted(Reason::Smtp(forgotten?.code), None))
}

/// What the relay says of every recipient, if it takes the mail for one.
async fn recipients(session: &mut Session, mail: &Mail, progress: &impl Progress) -> Result<Vec<Recipient>, Verdict> {
    let judge = |reply: &Reply| of_recipient(reply, mail);
    let announced = envelope::announce(session, &mail.envelope, judge, progress).await;
    let verdicts = announced.map_err(|failure| of_the_envelope(failure, mail))?;
    if let Some(verdict) = none_taken(&verdicts) {
        return Err(verdict);
    }
    let recipient = |(to, verdict): (&Address, Verdict)| Recipient {
        email: to.as_str().to_owned(),
        outcome: verdict.outcome,
        reason: verdict.reason,
    };
    Ok(mail.envelope.to.iter().zip(verdicts).map(recipient).collect())
}

fn of_the_envelope(failure: Failure, mail: &Mail) -> Verdict {
    match failure {
        Failure::Refused(stage @ Stage::Mail, reply) => of_its_letters(stage, refused(stage, &reply), mail),
        failure => failure.into(),
    }
}

fn of_recipient(reply: &Reply, mail: &Mail) -> Verdict {
    match reply.code {
        250 | 251 => Verdict::accepted(Reason::Smtp(reply.code), None),
        _ => of_its_letters(Stage::Rcpt, refused(Stage::Rcpt, reply), mail),
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
    if !(mail.envelope.utf8 && is_unsure) {
        return verdict;
    }
    let code = verdict.code;
    Verdict { outcome: Outcome::NotCapable, ..verdict }.about(Subject::Content, code)
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
