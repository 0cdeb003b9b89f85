//! `SparkPost`: `POST /api/v1/transmissions`.
//!
//! Source: its "Transmissions API" and "Extended error codes". Every recipient is an entry of its own; `header_to` shows
//! the To list to all, Cc stands in a header, Bcc nowhere. A 200 can have refused some without saying whom. Substitution
//! is off for bodies, but not for headers, so `{{` in a subject is not carried; nor is a List-Unsubscribe of one's own.

use bytes::Bytes;
use reqwest::header::AUTHORIZATION;
use serde::{Deserialize, Serialize};

use super::api::{self, API_KEY, Api};
use super::client::{self, Answer};
use super::render::{self, Pairs};
use super::{Call, Capabilities, Connect, Delivery, Invalid, Kind, Mode, Provider, Values};
use crate::message::attachment::ContentId;
use crate::message::{Attachment, Mailbox, Message, Tag};
use crate::outcome::{Outcome, Reason, Recipient, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "sparkpost",
    upstream: "sp",
    local: false,
    // Its document: 20 MB of content, one campaign. It names no number of recipients, but the whole To line is repeated
    // for each.
    capabilities: Capabilities {
        recipients: 200,
        size: 20_000_000,
        tags: 1,
        dropped_headers: &["list-unsubscribe"],
        template_headers: false,
        ..Capabilities::ANY
    },
    dummy: "to its sink; counted as a mail",
    variables: &[API_KEY, client::base_url("https://api.sparkpost.com")],
    build,
};

struct SparkPost(Api);

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    Ok(Box::new(SparkPost(Api::new(values, connect, "api/v1/transmissions")?)))
}

/// Behind any address, it swallows the mail.
const SINK: &str = ".sink.sparkpostmail.com";

impl SparkPost {
    async fn call(&self, Delivery { message, mode, hand_over }: Delivery<'_>) -> Verdict {
        let request = self.0.post().header(AUTHORIZATION, self.0.key());
        let (header_to, suffix) = (render::line(message.to()), if mode == Mode::Probe { SINK } else { "" });
        let mail = mail(message, &header_to, suffix);
        api::call(request, &mail, hand_over, async |answer| judge(answer, message).await).await
    }
}

impl Provider for SparkPost {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        Box::pin(self.call(delivery))
    }
}

#[derive(Serialize)]
struct Mail<'a> {
    recipients: Vec<To<'a>>,
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign_id: Option<&'a str>,
    metadata: Pairs<'a>,
    options: Options,
}

#[derive(Serialize)]
struct To<'a> {
    address: Address<'a>,
}

#[derive(Serialize)]
struct Address<'a> {
    email: String,
    header_to: &'a str,
}

#[derive(Serialize)]
struct Content<'a> {
    from: From<'a>,
    subject: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    reply_to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    headers: Pairs<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<File<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inline_images: Vec<File<'a>>,
}

#[derive(Serialize)]
struct From<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

/// The name of a picture is its content id.
#[derive(Serialize)]
struct File<'a> {
    name: &'a str,
    r#type: &'a str,
    #[serde(serialize_with = "render::base64")]
    data: &'a Bytes,
}

#[derive(Serialize)]
struct Options {
    transactional: bool,
    /// Template syntax in a body goes through untouched.
    perform_substitutions: bool,
    open_tracking: bool,
    click_tracking: bool,
}

const OPTIONS: Options =
    Options { transactional: true, perform_substitutions: false, open_tracking: false, click_tracking: false };

/// To everybody it names, each with this behind the address.
fn mail<'a>(message: &'a Message, header_to: &'a str, suffix: &str) -> Mail<'a> {
    let email = |mailbox: &Mailbox| format!("{}{suffix}", mailbox.address().as_str());
    let to = |mailbox| To { address: Address { email: email(mailbox), header_to } };
    Mail {
        recipients: message.recipient_mailboxes().map(to).collect(),
        content: content(message),
        campaign_id: message.tags().first().map(Tag::as_str),
        metadata: Pairs::metadata(message).with("smsp_id", message.id().to_string()),
        options: OPTIONS,
    }
}

fn content(message: &Message) -> Content<'_> {
    let (text, html) = render::bodies(message);
    Content {
        from: From { email: message.from().address().as_str(), name: message.from().name() },
        subject: render::subject(message),
        reply_to: render::line(message.reply_to()),
        text,
        html,
        headers: headers(message),
        attachments: render::attachments(message, false).map(file).collect(),
        inline_images: render::attachments(message, true).map(file).collect(),
    }
}

fn headers(message: &Message) -> Pairs<'_> {
    let headers = Pairs::headers(message);
    if message.cc().is_empty() { headers } else { headers.with("Cc", render::line(message.cc())) }
}

fn file(attachment: &Attachment) -> File<'_> {
    let name = attachment.content_id.as_ref().map_or(attachment.filename.as_str(), ContentId::as_str);
    File { name, r#type: attachment.content_type.as_str(), data: &attachment.content }
}

#[derive(Deserialize)]
struct Said {
    results: Results,
}

#[derive(Deserialize)]
struct Results {
    total_accepted_recipients: u32,
    #[serde(default)]
    total_rejected_recipients: u32,
    id: Option<String>,
}

#[derive(Deserialize, Default)]
struct Errors {
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    code: String,
}

async fn judge(answer: Answer, message: &Message) -> Verdict {
    let status = answer.status();
    let verdict = answer.verdict();
    let text = answer.text().await;
    if status.is_success() {
        return accepted(verdict.reason, &text, message);
    }
    let errors = serde_json::from_str::<Errors>(&text).unwrap_or_default().errors;
    let code = errors.first().and_then(|fault| fault.code.parse().ok());
    match code.and_then(|code| refused(status.as_u16(), code)) {
        Some((outcome, suppressed)) => {
            let reason = if suppressed { Reason::Suppressed } else { verdict.reason };
            Verdict { outcome, reason, ..verdict }
        }
        // With its own envelope, a 422 is about the message; 420 is a quota.
        None if status.as_u16() == 422 && !errors.is_empty() => {
            Verdict { outcome: Outcome::MessageRejected, ..verdict }
        }
        None if status.as_u16() == 420 => Verdict { outcome: Outcome::AccountRefused, ..verdict },
        None => verdict,
    }
}

fn accepted(reason: Reason, text: &str, message: &Message) -> Verdict {
    let Ok(Said { results }) = serde_json::from_str(text) else {
        return Verdict::new(Outcome::Unknown, Reason::UnreadableAnswer);
    };
    if results.total_accepted_recipients == 0 {
        return Verdict::new(Outcome::MessageRejected, Reason::RefusedInBody);
    }
    let mut verdict = Verdict::accepted(reason, results.id);
    if results.total_rejected_recipients > 0 {
        // Some were refused, and it does not say whom.
        let recipient = |email: &str| Recipient {
            email: email.to_owned(),
            outcome: Outcome::Unknown,
            reason: Reason::RefusedInBody,
        };
        verdict.recipients =
            message.recipient_mailboxes().map(|mailbox| recipient(mailbox.address().as_str())).collect();
    }
    verdict
}

/// Its own code, from its table, and whether it speaks of a suppressed recipient.
fn refused(status: u16, code: u32) -> Option<(Outcome, bool)> {
    Some(match code {
        1300 | 1301 | 1305 | 1400 | 2002 | 3000..=3050 | 5002 => (Outcome::MessageRejected, false),
        1901 | 1902 | 1910 => (Outcome::MessageRejected, true),
        7001 => (Outcome::SenderRejected, false),
        1100 | 1601 | 2101 | 2103 => (Outcome::AccountRefused, false),
        1502 => (Outcome::Unavailable, false),
        1900 if status == 503 => (Outcome::Unavailable, false),
        _ => return None,
    })
}
