//! MAIL, RCPT, DATA: one mail is announced to a relay, which says of each recipient whether it takes it.

use super::mail::Mail;
use super::session::Session;
use super::verdicts::{Stage, refused};
use crate::outcome::{Outcome, Reason, Recipient, Verdict};

/// Up to the relay's word that it waits for the mail, and what it says of every recipient: at least one is taken.
pub(super) async fn begin(mut session: Session, mail: &Mail) -> Result<(Session, Vec<Recipient>), Verdict> {
    match announce(&mut session, mail).await {
        Ok(recipients) => Ok((session, recipients)),
        Err(verdict) => {
            session.leave();
            Err(verdict)
        }
    }
}

async fn announce(session: &mut Session, mail: &Mail) -> Result<Vec<Recipient>, Verdict> {
    let recipients = envelope(session, mail).await?;
    session.expect(Stage::Data, 354, "DATA").await?;
    Ok(recipients)
}

/// The same without DATA, and forgotten again.
pub(super) async fn rehearse(mut session: Session, mail: &Mail) -> Result<Verdict, Verdict> {
    let taken = envelope(&mut session, mail).await;
    let forgotten = session.expect(Stage::Data, 250, "RSET").await;
    session.leave();
    taken.and(forgotten).map(|reply| Verdict::accepted(Reason::Smtp(reply.code), None))
}

async fn envelope(session: &mut Session, mail: &Mail) -> Result<Vec<Recipient>, Verdict> {
    let parameters = parameters(session, mail)?;
    session.expect(Stage::Mail, 250, &format!("MAIL FROM:<{}>{parameters}", mail.from.as_str())).await?;
    let mut verdicts = Vec::new();
    for to in &mail.to {
        let reply = session.command(&format!("RCPT TO:<{}>", to.as_str())).await?;
        verdicts.push(match reply.code {
            // It hangs up.
            421 => return Err(refused(Stage::Rcpt, &reply)),
            250 | 251 => Verdict::accepted(Reason::Smtp(reply.code), None),
            _ => refused(Stage::Rcpt, &reply),
        });
    }
    if let Some(verdict) = none_taken(&verdicts) {
        return Err(verdict);
    }
    let recipient = |(to, verdict): (&crate::message::Address, Verdict)| Recipient {
        email: to.as_str().to_owned(),
        outcome: verdict.outcome,
        reason: verdict.reason,
    };
    Ok(mail.to.iter().zip(verdicts).map(recipient).collect())
}

/// What this relay wants to know beforehand (RFC 1870, RFC 6152, RFC 6531); or why it cannot take the mail.
fn parameters(session: &Session, mail: &Mail) -> Result<String, Verdict> {
    let (offers, size) = (session.offers(), mail.file.len());
    if offers.max_size.is_some_and(|most| size > most) {
        return Err(Verdict::new(Outcome::NotCapable, Reason::Size));
    }
    if mail.utf8 && !offers.smtputf8 {
        return Err(Verdict::new(Outcome::NotCapable, Reason::Smtputf8));
    }
    let size = if offers.size { format!(" SIZE={size}") } else { String::new() };
    Ok(size + if mail.utf8 { " BODY=8BITMIME SMTPUTF8" } else { "" })
}

/// What the mail came to if nobody gets it. Only if all of them are at fault themselves, the mail is; else another
/// relay may do better.
fn none_taken(verdicts: &[Verdict]) -> Option<Verdict> {
    if verdicts.iter().any(|verdict| verdict.outcome == Outcome::Accepted) {
        return None;
    }
    let hopeful = verdicts.iter().find(|verdict| verdict.outcome != Outcome::MessageRejected);
    hopeful.or(verdicts.first()).cloned()
}
