//! The message of a bounce.

use super::status::status;
use super::text::text;
use super::undelivered::Bounce;
use crate::delivery::mime;
use crate::model::message::{Address, Draft, Header, Id, Mailbox, Message, Report, ReservedHeaders};

/// Nobody can be told, because of a name that no mail can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no mail can tell it")]
pub struct CannotReport;

const FROM: &str = "Mail Delivery System";
const SUBJECT: &str = "Undelivered mail";
/// RFC 3834 5: no answer of a program is wanted.
const AUTOMATIC: (&str, &str) = ("Auto-Submitted", "auto-replied");

/// The message that tells of the mail to its envelope sender, under a new id.
pub fn message(bounce: &Bounce<'_>, id: Id, to: &Address) -> Result<Message, CannotReport> {
    build(bounce, id, to).ok_or(CannotReport)
}

fn build(bounce: &Bounce<'_>, id: Id, to: &Address) -> Option<Message> {
    let from = Mailbox::new(Some(FROM), format!("mailer-daemon@{}", bounce.reporter).parse().ok()?).ok()?;
    let draft = Draft {
        to: vec![Mailbox::new(None, to.clone()).ok()?],
        subject: SUBJECT.parse().ok()?,
        text: Some(text(bounce).parse().ok()?),
        headers: vec![Header::new(AUTOMATIC.0, AUTOMATIC.1, ReservedHeaders::NONE).ok()?],
        // Without it this would be a mail that can bounce.
        report: Some(Report::new(status(bounce), bounce.message.map(head))?),
        ..Draft::default()
    };
    Message::new(id, from, draft).ok()
}

/// Without its date, which is written anew for every attempt.
fn head(message: &Message) -> String {
    mime::head(message).split_inclusive("\r\n").filter(|line| !line.starts_with("Date: ")).collect()
}
