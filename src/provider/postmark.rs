//! Postmark: `POST /email`.
//!
//! Source: its documentation, "API overview" and its error codes, which are no HTTP statuses though the numbers overlap:
//! the code decides, then the status. A 200 can name inactive addresses in an English sentence, the only word there is on
//! them: the others got the mail. Our id travels in the metadata; Postmark makes its own Message-ID.

use bytes::Bytes;
use reqwest::header::ACCEPT;
use serde::{Deserialize, Serialize};

use super::api::{self, API_KEY, Api};
use super::client::{self, Answer};
use super::render::{self, Pairs};
use super::{Call, Capabilities, Connect, Delivery, Invalid, Kind, Provider, Values};
use crate::message::{Attachment, Message, Tag};
use crate::outcome::{Outcome, Reason, Recipient, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "postmark",
    upstream: "pm",
    local: false,
    // Its documentation: 50 recipients, 10 MB after encoding, one tag.
    capabilities: Capabilities { recipients: 50, size: 10_000_000, tags: 1, smtputf8: false, ..Capabilities::ANY },
    dummy: "a mail to the poll address",
    variables: &[API_KEY, client::base_url("https://api.postmarkapp.com")],
    build,
};

struct Postmark(Api);

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    Ok(Box::new(Postmark(Api::new(values, connect, "email")?)))
}

impl Provider for Postmark {
    fn send<'a>(&'a self, Delivery { message, hand_over, .. }: Delivery<'a>) -> Call<'a> {
        let request = self.0.post().header("X-Postmark-Server-Token", self.0.key()).header(ACCEPT, "application/json");
        Box::pin(async move {
            api::call(request, &mail(message), hand_over, async |answer| judge(answer, message).await).await
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Mail<'a> {
    from: String,
    to: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    cc: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    bcc: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    reply_to: String,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html_body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a str>,
    metadata: Pairs<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<Header<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<File<'a>>,
    track_opens: bool,
    track_links: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Header<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct File<'a> {
    name: &'a str,
    #[serde(serialize_with = "render::base64")]
    content: &'a Bytes,
    content_type: &'a str,
    #[serde(rename = "ContentID", skip_serializing_if = "Option::is_none")]
    content_id: Option<String>,
}

fn mail(message: &Message) -> Mail<'_> {
    let (text_body, html_body) = render::bodies(message);
    Mail {
        from: message.from().to_string(),
        to: render::line(message.to()),
        cc: render::line(message.cc()),
        bcc: render::line(message.bcc()),
        reply_to: render::line(message.reply_to()),
        subject: render::subject(message),
        text_body,
        html_body,
        tag: message.tags().first().map(Tag::as_str),
        metadata: Pairs::metadata(message).with("smsp_id", message.id().to_string()),
        headers: message.headers().iter().map(|h| Header { name: h.name(), value: h.value() }).collect(),
        attachments: message.attachments().iter().map(file).collect(),
        track_opens: false,
        track_links: "None",
    }
}

fn file(attachment: &Attachment) -> File<'_> {
    File {
        name: attachment.filename.as_str(),
        content: &attachment.content,
        content_type: attachment.content_type.as_str(),
        content_id: attachment.content_id.as_ref().map(|id| format!("cid:{}", id.as_str())),
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct Said {
    error_code: Option<u32>,
    message: String,
    #[serde(rename = "MessageID")]
    message_id: Option<String>,
}

async fn judge(answer: Answer, message: &Message) -> Verdict {
    let status = answer.status();
    let verdict = answer.verdict();
    let text = answer.text().await;
    let said: Option<Said> = serde_json::from_str(&text).ok();
    match said {
        _ if verdict.outcome == Outcome::Throttled => verdict,
        Some(said) if status.is_success() => accepted(verdict, said, message),
        None if status.is_success() => Verdict::new(Outcome::Unknown, Reason::UnreadableAnswer),
        Some(said) => said.error_code.and_then(|code| refused(code, verdict.reason)).unwrap_or(verdict),
        None => verdict,
    }
}

fn accepted(verdict: Verdict, said: Said, message: &Message) -> Verdict {
    match (said.error_code, said.message_id) {
        (Some(0) | None, Some(id)) => {
            let recipients = recipients(&said.message, message);
            Verdict { recipients, ..Verdict::accepted(verdict.reason, Some(id)) }
        }
        (Some(code), None) if code > 0 => {
            refused(code, Reason::RefusedInBody).unwrap_or(Verdict::new(Outcome::Unclassified, Reason::RefusedInBody))
        }
        _ => Verdict::new(Outcome::Unknown, Reason::UnreadableAnswer),
    }
}

/// "OK, but will not deliver to these inactive addresses: a@b.org, c@d.org. Inactive recipients are ..."
fn recipients(said: &str, message: &Message) -> Vec<Recipient> {
    let list =
        said.split_once("inactive addresses:").map(|(_, rest)| rest.split(". Inactive").next().unwrap_or_default());
    let inactive: Vec<_> = list.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let is_inactive = |email: &str| inactive.iter().any(|name| name.eq_ignore_ascii_case(email));
    let emails: Vec<_> = message.recipient_mailboxes().map(|mailbox| mailbox.address().as_str()).collect();
    if !emails.iter().any(|email| is_inactive(email)) {
        return Vec::new();
    }
    let recipient = |email: &&str| {
        let suppressed = (Outcome::MessageRejected, Reason::Suppressed);
        let (outcome, reason) = if is_inactive(email) { suppressed } else { (Outcome::Accepted, Reason::Status(200)) };
        Recipient { email: (*email).to_owned(), outcome, reason }
    };
    emails.iter().map(recipient).collect()
}

/// Its own code, from its table.
fn refused(code: u32, reason: Reason) -> Option<Verdict> {
    let (outcome, reason) = match code {
        300 | 402 | 403 | 409 | 410 | 411 => (Outcome::MessageRejected, reason),
        406 => (Outcome::MessageRejected, Reason::Suppressed),
        400 | 401 => (Outcome::SenderRejected, reason),
        10 | 405 | 412 | 413 | 1235 | 1236 => (Outcome::AccountRefused, reason),
        // Maintenance: it says itself that it did nothing.
        100 => (Outcome::Unavailable, reason),
        _ => return None,
    };
    Some(Verdict::new(outcome, reason))
}
