//! Mailjet: `POST /v3.1/send`, one message a call, so that a 4xx never hides a success.
//!
//! Source: its "Send API v3.1" guide. Its own code decides, at the root (nothing was sent) or in the message's errors. Our id
//! travels as the `CustomID`.

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::api::{self, API_KEY, Api};
use super::client::{self, Answer};
use super::render::{self, Pairs};
use super::{Call, Capabilities, Connect, Delivery, Invalid, Kind, Lookup, Mode, Provider, Values, Variable};
use crate::message::attachment::ContentId;
use crate::message::{Attachment, Mailbox, Message, Tag};
use crate::outcome::{Outcome, Reason, Verdict};

const API_SECRET: Variable = Variable::secret("API_SECRET");

pub(super) const KIND: Kind = Kind {
    name: "mailjet",
    upstream: "mj",
    local: false,
    // Its guide: 50 recipients, 15 MB of files, one address for answers, one campaign.
    // It refuses headers that it or its customers' readers rely on (`send-0011`).
    capabilities: Capabilities {
        recipients: 50,
        size: 15_000_000,
        reply_to: 1,
        tags: 1,
        dropped_headers: &["x-mailer", "user-agent", "list-id", "x-feedback-id", "x-csa-complaints"],
        lookup: Lookup::Id("CustomID"),
        ..Capabilities::ANY
    },
    dummy: "in the sandbox; free",
    variables: &[API_KEY, API_SECRET, client::base_url("https://api.mailjet.com")],
    build,
};

struct Mailjet {
    api: Api,
    secret: SecretString,
}

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    let secret = values.get(API_SECRET.name).into();
    Ok(Box::new(Mailjet { api: Api::new(values, connect, "v3.1/send")?, secret }))
}

impl Mailjet {
    async fn call(&self, Delivery { message, mode, hand_over }: Delivery<'_>) -> Verdict {
        // Its sandbox looks at the key, the sender and the mail, and sends nothing.
        let mails = Mails { messages: [mail(message)], sandbox_mode: mode == Mode::Probe };
        let request = self.api.post().basic_auth(self.api.key(), Some(self.secret.expose_secret()));
        api::call(request, &mails, hand_over, judge).await
    }
}

impl Provider for Mailjet {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        Box::pin(self.call(delivery))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Mails<'a> {
    messages: [Mail<'a>; 1],
    sandbox_mode: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Mail<'a> {
    from: Party<'a>,
    to: Vec<Party<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc: Vec<Party<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bcc: Vec<Party<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Party<'a>>,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_part: Option<&'a str>,
    #[serde(rename = "HTMLPart", skip_serializing_if = "Option::is_none")]
    html_part: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<File<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inlined_attachments: Vec<File<'a>>,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    headers: Pairs<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_campaign: Option<&'a str>,
    #[serde(rename = "CustomID")]
    custom_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_payload: Option<String>,
    track_opens: &'static str,
    track_clicks: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Party<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct File<'a> {
    content_type: &'a str,
    filename: &'a str,
    #[serde(rename = "Base64Content", serialize_with = "render::base64")]
    content: &'a Bytes,
    #[serde(rename = "ContentID", skip_serializing_if = "Option::is_none")]
    content_id: Option<&'a str>,
}

fn mail(message: &Message) -> Mail<'_> {
    let (text_part, html_part) = render::bodies(message);
    let metadata = Pairs::metadata(message);
    Mail {
        from: party(message.from()),
        to: message.to().iter().map(party).collect(),
        cc: message.cc().iter().map(party).collect(),
        bcc: message.bcc().iter().map(party).collect(),
        reply_to: message.reply_to().first().map(party),
        subject: render::subject(message),
        text_part,
        html_part,
        attachments: render::attachments(message, false).map(file).collect(),
        inlined_attachments: render::attachments(message, true).map(file).collect(),
        headers: Pairs::headers(message),
        custom_campaign: message.tags().first().map(Tag::as_str),
        custom_id: message.id().to_string(),
        event_payload: (!metadata.is_empty()).then(|| metadata.to_json()),
        track_opens: "disabled",
        track_clicks: "disabled",
    }
}

fn party(mailbox: &Mailbox) -> Party<'_> {
    Party { email: mailbox.address().as_str(), name: mailbox.name() }
}

fn file(attachment: &Attachment) -> File<'_> {
    File {
        content_type: attachment.content_type.as_str(),
        filename: attachment.filename.as_str(),
        content: &attachment.content,
        content_id: attachment.content_id.as_ref().map(ContentId::as_str),
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct Said {
    error_code: Option<String>,
    messages: Vec<OfMessage>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
struct OfMessage {
    status: String,
    to: Vec<OfRecipient>,
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct OfRecipient {
    /// 64 bits, more than JSON numbers hold in most languages.
    #[serde(default, rename = "MessageID")]
    message_id: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Fault {
    error_code: String,
}

async fn judge(answer: Answer) -> Verdict {
    let status = answer.status();
    let verdict = answer.verdict();
    let text = answer.text().await;
    let said: Said = serde_json::from_str(&text).unwrap_or_default();
    let message = said.messages.into_iter().next().unwrap_or_default();
    if message.status == "success" {
        let id =
            message.to.first().and_then(|to| Some(to.message_id.as_ref()?.to_string().trim_matches('"').to_owned()));
        return Verdict::accepted(Reason::Status(status.as_u16()), id);
    }
    let code = said.error_code.or_else(|| message.errors.into_iter().next().map(|fault| fault.error_code));
    match code.as_deref().and_then(refused) {
        Some(outcome) => Verdict { outcome, ..verdict },
        None if status.is_success() => Verdict::new(Outcome::Unknown, Reason::UnreadableAnswer),
        None => verdict,
    }
}

/// Its own code, from its table.
fn refused(code: &str) -> Option<Outcome> {
    Some(match code {
        "mj-0001" | "mj-0015" => Outcome::AccountRefused,
        "mj-0002" | "mj-0003" | "mj-0004" | "mj-0005" | "mj-0006" | "mj-0007" | "mj-0008" => Outcome::MessageRejected,
        "mj-0011" | "mj-0012" | "mj-0013" | "send-0003" | "send-0004" => Outcome::MessageRejected,
        "send-0006" | "send-0007" | "send-0008" => Outcome::SenderRejected,
        "send-0010" | "send-0011" | "send-0012" | "send-0013" | "send-0014" | "send-0015" | "send-0016" => {
            Outcome::MessageRejected
        }
        _ => return None,
    })
}
