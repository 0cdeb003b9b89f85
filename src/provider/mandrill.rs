//! Mandrill: `POST /api/1.0/messages/send.json`, which answers for every recipient apart.
//!
//! Source: Mailchimp's "Transactional API" document and SDKs. Our id travels as the metadata `smsp_id`. Errors are told by
//! the name in the envelope: the classic API answers 500 to everything, a wrong key included, so only a 5xx without the
//! envelope is unknown, and the `GeneralError` that it calls unexpected itself.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::api::{self, API_KEY, Api};
use super::client::{self, Answer};
use super::render::{self, Pairs};
use super::{Call, Capabilities, Connect, Delivery, Inline, Invalid, Kind, Provider, Values};
use crate::message::attachment::ContentId;
use crate::message::{Attachment, Message, Tag};
use crate::outcome::{Outcome, Reason, Recipient, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "mandrill",
    upstream: "md",
    local: false,
    capabilities: Capabilities { size: 25_000_000, inline: Inline::Images, smtputf8: false, ..Capabilities::ANY },
    dummy: "a mail to the poll address",
    variables: &[API_KEY, client::base_url("https://mandrillapp.com")],
    build,
};

struct Mandrill(Api);

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    Ok(Box::new(Mandrill(Api::new(values, connect, "api/1.0/messages/send.json")?)))
}

impl Provider for Mandrill {
    fn send<'a>(&'a self, Delivery { message, hand_over, .. }: Delivery<'a>) -> Call<'a> {
        Box::pin(async { api::call(self.0.post(), &request(self.0.key(), message), hand_over, judge).await })
    }
}

#[derive(Serialize)]
struct Request<'a> {
    key: &'a str,
    /// Asynchronous sending would answer before it knows anything.
    r#async: bool,
    message: Mail<'a>,
}

#[derive(Serialize)]
struct Mail<'a> {
    from_email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_name: Option<&'a str>,
    to: Vec<To<'a>>,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    headers: Pairs<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<File<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<File<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    /// Without it Cc and Bcc would each get a mail of their own.
    preserve_recipients: bool,
    /// Template syntax in a body goes through untouched.
    merge: bool,
    track_opens: bool,
    track_clicks: bool,
    metadata: Pairs<'a>,
}

#[derive(Serialize)]
struct To<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    r#type: &'static str,
}

/// The name of a picture is its content id.
#[derive(Serialize)]
struct File<'a> {
    r#type: &'a str,
    name: &'a str,
    #[serde(serialize_with = "render::base64")]
    content: &'a Bytes,
}

fn request<'a>(key: &'a str, message: &'a Message) -> Request<'a> {
    let (text, html) = render::bodies(message);
    let mail = Mail {
        from_email: message.from().address().as_str(),
        from_name: message.from().name(),
        to: recipients(message),
        subject: render::subject(message),
        text,
        html,
        headers: headers(message),
        attachments: render::attachments(message, false).map(file).collect(),
        images: render::attachments(message, true).map(file).collect(),
        tags: message.tags().iter().map(Tag::as_str).collect(),
        preserve_recipients: true,
        merge: false,
        track_opens: false,
        track_clicks: false,
        metadata: Pairs::metadata(message).with("smsp_id", message.id().to_string()),
    };
    Request { key, r#async: false, message: mail }
}

fn headers(message: &Message) -> Pairs<'_> {
    let headers = Pairs::headers(message);
    if message.reply_to().is_empty() { headers } else { headers.with("Reply-To", render::line(message.reply_to())) }
}

fn file(attachment: &Attachment) -> File<'_> {
    let name = attachment.content_id.as_ref().map_or(attachment.filename.as_str(), ContentId::as_str);
    File { r#type: attachment.content_type.as_str(), name, content: &attachment.content }
}

fn recipients(message: &Message) -> Vec<To<'_>> {
    let lists = [("to", message.to()), ("cc", message.cc()), ("bcc", message.bcc())];
    let all = lists.into_iter().flat_map(|(r#type, list)| list.iter().map(move |mailbox| (r#type, mailbox)));
    all.map(|(r#type, mailbox)| To { email: mailbox.address().as_str(), name: mailbox.name(), r#type }).collect()
}

/// What it says of one recipient.
#[derive(Deserialize)]
struct Said {
    email: String,
    status: String,
    #[serde(default)]
    reject_reason: Option<String>,
    #[serde(default)]
    queued_reason: Option<String>,
    #[serde(default, rename = "_id")]
    id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Fault {
    name: String,
}

async fn judge(answer: Answer) -> Verdict {
    let status = answer.status();
    let verdict = answer.verdict();
    let text = answer.text().await;
    if status.is_success() {
        return accepted(verdict.reason, &text).unwrap_or(Verdict::new(Outcome::Unknown, Reason::UnreadableAnswer));
    }
    let fault: Fault = serde_json::from_str(&text).unwrap_or_default();
    let outcome = refused(&fault.name).filter(|_| verdict.outcome != Outcome::Throttled).unwrap_or(verdict.outcome);
    Verdict { outcome, ..verdict }
}

fn refused(name: &str) -> Option<Outcome> {
    Some(match name {
        "Invalid_Key" | "PaymentRequired" | "Unknown_Subaccount" | "Unknown_Template" => Outcome::AccountRefused,
        "ValidationError" => Outcome::MessageRejected,
        "RequestLimitExceeded" => Outcome::Throttled,
        "ServiceUnavailable" => Outcome::Unavailable,
        _ => return None,
    })
}

/// `None`: not its answer, or in words that are not in its document.
fn accepted(reason: Reason, text: &str) -> Option<Verdict> {
    let said: Vec<Said> = serde_json::from_str(text).ok()?;
    let recipients: Vec<_> = said.iter().map(recipient).collect::<Option<_>>()?;
    let taken = said.iter().zip(&recipients).find(|(_, recipient)| recipient.outcome == Outcome::Accepted);
    let Some((first, _)) = taken else {
        // All refused. A suppressed recipient is not taken elsewhere for the others' sake.
        let of_the_message = |recipient: &&Recipient| recipient.outcome == Outcome::MessageRejected;
        let decisive = recipients.iter().find(of_the_message).or(recipients.first())?;
        return Some(Verdict::new(decisive.outcome, decisive.reason));
    };
    let partly = recipients.iter().any(|recipient| recipient.outcome != Outcome::Accepted);
    let recipients = if partly { recipients } else { Vec::new() };
    let reason = if said.iter().any(is_stuck) { Reason::Stuck } else { reason };
    Some(Verdict { recipients, ..Verdict::accepted(reason, first.id.clone()) })
}

/// Taken, but it will not go out before somebody sees to the account.
fn is_stuck(said: &Said) -> bool {
    const REASONS: [&str; 5] = [
        "account-suspended",
        "sending-paused",
        "sending-suspended",
        "monthly-limit-reached",
        "free-trial-sends-exhausted",
    ];
    said.queued_reason.as_deref().is_some_and(|reason| REASONS.contains(&reason))
}

fn recipient(said: &Said) -> Option<Recipient> {
    let (outcome, reason) = match (said.status.as_str(), said.reject_reason.as_deref().unwrap_or_default()) {
        ("sent" | "queued" | "scheduled", _) => (Outcome::Accepted, Reason::Status(200)),
        ("rejected", "unsigned") => (Outcome::SenderRejected, Reason::RefusedInBody),
        ("rejected", "test-mode-limit") => (Outcome::AccountRefused, Reason::RefusedInBody),
        ("invalid", _) | ("rejected", "invalid" | "invalid-sender") => {
            (Outcome::MessageRejected, Reason::RefusedInBody)
        }
        ("rejected", "hard-bounce" | "soft-bounce" | "spam" | "unsub" | "custom" | "rule") => {
            (Outcome::MessageRejected, Reason::Suppressed)
        }
        ("rejected", _) => (Outcome::Unclassified, Reason::RefusedInBody),
        _ => return None,
    };
    Some(Recipient { email: said.email.clone(), outcome, reason })
}
