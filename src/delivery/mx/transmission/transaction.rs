//! One transaction: a mail to some of its recipients along one session.

use std::time::Duration;

use super::bounds::Bounds;
use super::mail::Mail;
use super::recipient_end::RecipientEnd;
use super::verdicts::{at_the_end, before_the_end, is_one_too_many, of_recipient, without_tls};
use crate::delivery::smtp_client::envelope::{announce, announce_next};
use crate::delivery::smtp_client::failure::Failure;
use crate::delivery::smtp_client::reply::Reply;
use crate::delivery::smtp_client::session::Session;
use crate::delivery::smtp_client::stage::Stage;
use crate::model::outcome::Outcome;

/// For the answers to MAIL and RCPT (RFC 5321 4.5.3.2.2, 4.5.3.2.3).
const ENVELOPE: Duration = Duration::from_secs(300);
/// For the answer to DATA (RFC 5321 4.5.3.2.4).
const DATA: Duration = Duration::from_secs(120);
/// For a block of the mail to be taken (RFC 5321 4.5.3.2.5).
const BLOCK: Duration = Duration::from_secs(180);

/// What a transaction came to.
pub(super) struct Done {
    /// For each of its recipients.
    pub(super) ends: Vec<RecipientEnd>,
    /// May carry another mail.
    pub(super) session: Option<Session>,
    /// Are the recipients that wait still only too many for one transaction? The session may carry the mail to them now.
    pub(super) wants_more: bool,
}

/// How far a mail has come before its end.
struct Prepared {
    ends: Vec<RecipientEnd>,
    /// Are those that were not taken all one too many?
    only_too_many: bool,
}

/// Hands the mail over to the recipients at these places. None: the session had been kept and is gone, so the host has said
/// nothing of this mail.
pub(super) async fn transact(session: Session, mail: &Mail, places: &[usize], bounds: Bounds<'_>) -> Option<Done> {
    let lacks_tls = session.lacks_tls();
    let Done { mut ends, session, wants_more } = hand_over(session, mail, places, bounds).await?;
    if lacks_tls {
        ends = ends.into_iter().map(without_tls).collect();
    }
    Some(Done { ends, session, wants_more })
}

async fn hand_over(mut session: Session, mail: &Mail, places: &[usize], bounds: Bounds<'_>) -> Option<Done> {
    let was_kept = session.carried() > 0;
    if was_kept && session.in_step().is_err() {
        session.leave();
        return None;
    }
    let preparing = bounds.before_the_end(prepare(&mut session, mail, places)).await;
    let prepared = match preparing {
        Ok(Ok(prepared)) => prepared,
        Ok(Err(failure)) if was_kept && is_gone(&failure) => return None,
        Ok(Err(failure)) => {
            session.leave();
            return Some(Done::without_session(vec![before_the_end(failure); places.len()]));
        }
        // It is in the middle of something: no QUIT.
        Err(end) => return Some(Done::without_session(vec![end; places.len()])),
    };
    let Prepared { mut ends, only_too_many } = prepared;
    if !ends.iter().any(is_taken) {
        session.leave();
        return Some(Done::without_session(ends));
    }
    session.wait_at_most(bounds.end);
    let end = bounds.at_the_end(async { at_the_end(session.end().await) }).await;
    let (all_taken, is_accepted) = (ends.iter().all(is_taken), is_taken(&end));
    put(&mut ends, &end);
    // A session in which anything went another way than usual is not used again.
    if !(is_accepted && (all_taken || only_too_many)) {
        session.leave();
        return Some(Done::without_session(ends));
    }
    Some(Done { ends, session: Some(session), wants_more: !all_taken })
}

/// Everything before the end of the mail.
async fn prepare(session: &mut Session, mail: &Mail, places: &[usize]) -> Result<Prepared, Failure> {
    let envelope = mail.envelope(places);
    session.wait_at_most(ENVELOPE);
    let judge = |reply: &Reply| (of_recipient(reply), is_one_too_many(reply));
    let judged = match session.carried() {
        0 => announce(session, &envelope, judge, &()).await?,
        _ => announce_next(session, &envelope, judge, &()).await?,
    };
    let only_too_many = judged.iter().all(|(end, is_too_many)| is_taken(end) || *is_too_many);
    let mut ends: Vec<_> = judged.into_iter().map(|(end, _)| end).collect();
    if ends.iter().any(is_taken)
        && let Err(failure) = write(session, mail).await
    {
        put(&mut ends, &before_the_end(failure));
    }
    Ok(Prepared { ends, only_too_many })
}

async fn write(session: &mut Session, mail: &Mail) -> Result<(), Failure> {
    session.wait_at_most(DATA);
    session.expect(Stage::Data, 354, "DATA").await?;
    session.wait_at_most(BLOCK);
    session.lines(mail.file(), &()).await
}

/// This is what the mail came to for those whom it was for.
fn put(ends: &mut [RecipientEnd], end: &RecipientEnd) {
    ends.iter_mut().filter(|end| is_taken(end)).for_each(|taken| taken.clone_from(end));
}

fn is_taken(end: &RecipientEnd) -> bool {
    end.outcome == Outcome::Accepted
}

/// Does it only say that a session was kept for too long?
fn is_gone(failure: &Failure) -> bool {
    match failure {
        Failure::Lost | Failure::Refused(Stage::Reset, _) => true,
        Failure::Refused(stage, reply) => *stage != Stage::Data && reply.code == 421,
        _ => false,
    }
}

impl Done {
    fn without_session(ends: Vec<RecipientEnd>) -> Self {
        Self { ends, session: None, wants_more: false }
    }
}
