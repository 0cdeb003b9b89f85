//! The mail itself, and the long wait for the answer to its end.
//!
//! A relay may take ten minutes for that answer (RFC 5321 4.5.3.2.6), and to hang up before makes duplicates (RFC 1047).
//! So this is a task of its own, which goes on when the caller has been told that nobody knows; then a line in the log
//! tells how it ended.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tracing::{Instrument, info, warn};

use super::super::hand_over::HandOver;
use super::mail::Mail;
use super::verdicts::{after_the_end, refused};
use crate::delivery::smtp_client::pool::Pool;
use crate::delivery::smtp_client::session::Session;
use crate::delivery::smtp_client::stage::Stage;
use crate::model::outcome::{Outcome, Reason, Recipient, Verdict};
use crate::runtime::millis::millis;
use crate::runtime::transcript;

pub(super) const LONG_WAIT: Duration = Duration::from_secs(600);

/// Hands over the lines of the mail, and its end unless that was revoked meanwhile.
pub(super) async fn deliver(
    mut session: Session,
    mut mail: Mail,
    recipients: Vec<Recipient>,
    hand_over: &Arc<HandOver>,
    pool: Arc<Pool<()>>,
) -> Verdict {
    // Nobody's budget counts it during the long wait.
    let file = std::mem::take(&mut mail.file);
    if let Err(failure) = session.lines(&file, &**hand_over).await {
        return failure.into();
    }
    drop(file);
    if !hand_over.give() {
        return Verdict::new(Outcome::Unavailable, Reason::Timeout);
    }
    let (tell, told) = oneshot::channel();
    let (start, hand_over) = (Instant::now(), Arc::clone(hand_over));
    let task = async move {
        let verdict = end(session, &mail, recipients, &pool).await;
        if let Err(unheard) = tell.send(verdict) {
            hand_over.tell_late(&unheard);
            log(&mail, &unheard, start.elapsed());
        }
    };
    tokio::spawn(transcript::carry(task.in_current_span()));
    told.await.unwrap_or(Verdict::new(Outcome::Unknown, Reason::Panic))
}

/// From here on, only an answer proves anything.
async fn end(mut session: Session, mail: &Mail, recipients: Vec<Recipient>, pool: &Arc<Pool<()>>) -> Verdict {
    match timeout(LONG_WAIT, session.end()).await {
        Err(_) => Verdict::new(Outcome::Unknown, Reason::Timeout),
        Ok(Err(failure)) => after_the_end(failure),
        Ok(Ok(reply)) if reply.is_success() => {
            pool.keep((), session);
            accepted(mail, Reason::Smtp(reply.code), recipients)
        }
        Ok(Ok(reply)) => {
            session.leave();
            refused(Stage::End, &reply)
        }
    }
}

fn accepted(mail: &Mail, reason: Reason, recipients: Vec<Recipient>) -> Verdict {
    let partly = recipients.iter().any(|recipient| recipient.outcome != Outcome::Accepted);
    let recipients = if partly { recipients } else { Vec::new() };
    // A relay keeps our Message-ID.
    Verdict { recipients, ..Verdict::accepted(reason, Some(mail.message_id.clone())) }
}

/// The caller, the metrics and the circuit have had their verdict; people may want to know.
fn log(mail: &Mail, verdict: &Verdict, took: Duration) {
    let (id, outcome, reason) = (mail.id, verdict.outcome.as_str(), verdict.reason);
    let duration_ms = millis(took);
    match verdict.outcome {
        Outcome::Accepted => info!(%id, outcome, %reason, duration_ms, "late SMTP reply to an unknown attempt"),
        _ => warn!(%id, outcome, %reason, duration_ms, "late SMTP reply to an unknown attempt"),
    }
}
