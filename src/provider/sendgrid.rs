//! SendGrid: `POST /v3/mail/send`.
//!
//! Source: Twilio's OpenAPI document `tsg_mail_v3` and its page of Mail Send errors. 202 is the acceptance, without a
//! body; the id is in `X-Message-Id`. Our id travels as the custom argument `smsp_id`, inside the personalization:
//! SendGrid's own document wants a string at the top level.

use std::time::{Duration, SystemTime};

use reqwest::header::ACCEPT;
use reqwest::{Client, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::client::{self, Answer};
use super::{Call, Capabilities, Connect, Invalid, Kind, Provider, Values, Variable};
use crate::message::{Mailbox, Message};
use crate::outcome::{Outcome, Reason, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "sendgrid",
    upstream: "sg",
    local: false,
    variables: &[Variable::secret("API_KEY"), client::base_url("https://api.sendgrid.com")],
    build,
};

struct SendGrid {
    client: Client,
    endpoint: Url,
    key: SecretString,
}

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    Ok(Box::new(SendGrid {
        client: client::build(connect)?,
        endpoint: client::endpoint(values, "v3/mail/send")?,
        key: values.get("API_KEY").into(),
    }))
}

impl Provider for SendGrid {
    fn send<'a>(&'a self, message: &'a Message) -> Call<'a> {
        Box::pin(async {
            let request = self.client.post(self.endpoint.clone()).bearer_auth(self.key.expose_secret());
            // Without Accept it can answer 406.
            match client::call(request.header(ACCEPT, "application/json").json(&render(message))).await {
                Ok(answer) => judge(answer).await,
                Err(verdict) => verdict,
            }
        })
    }

    /// Source: Twilio's page of Mail Send limits.
    fn capabilities(&self) -> Capabilities {
        Capabilities { recipients: 1000, size: 30_000_000, ..Capabilities::default() }
    }
}

#[derive(Serialize)]
struct Mail<'a> {
    personalizations: [Personalization<'a>; 1],
    from: Party<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Party<'a>>,
    subject: &'a str,
    content: Vec<Content<'a>>,
}

#[derive(Serialize)]
struct Personalization<'a> {
    to: Vec<Party<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc: Vec<Party<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bcc: Vec<Party<'a>>,
    custom_args: CustomArgs,
}

#[derive(Serialize)]
struct CustomArgs {
    smsp_id: String,
}

#[derive(Serialize)]
struct Party<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct Content<'a> {
    r#type: &'static str,
    value: &'a str,
}

fn render(message: &Message) -> Mail<'_> {
    Mail {
        personalizations: [Personalization {
            to: parties(message.to()),
            cc: parties(message.cc()),
            bcc: parties(message.bcc()),
            custom_args: CustomArgs { smsp_id: message.id().to_string() },
        }],
        from: party(message.from()),
        reply_to: message.reply_to().map(party),
        // An empty subject is refused; a space is the emptiest that it takes.
        subject: Some(message.subject()).filter(|subject| !subject.is_empty()).unwrap_or(" "),
        content: content(message),
    }
}

fn parties(mailboxes: &[Mailbox]) -> Vec<Party<'_>> {
    mailboxes.iter().map(party).collect()
}

fn party(mailbox: &Mailbox) -> Party<'_> {
    Party { email: mailbox.address().as_str(), name: mailbox.name() }
}

/// Plain text first, as it asks.
fn content(message: &Message) -> Vec<Content<'_>> {
    let (text, html) = client::bodies(message);
    let parts = [("text/plain", text), ("text/html", html)];
    parts.into_iter().filter_map(|(r#type, value)| Some(Content { r#type, value: value? })).collect()
}

#[derive(Deserialize, Default)]
struct Errors {
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    message: String,
    #[serde(default)]
    field: Option<String>,
}

async fn judge(answer: Answer) -> Verdict {
    let status = answer.status();
    let verdict = client::by_status(status);
    match status.as_u16() {
        202 => Verdict::accepted(verdict.reason, answer.header("X-Message-Id").map(str::to_owned)),
        // Its sandbox answers 200, and so does whatever else may stand at a wrong URL.
        200..=299 => Verdict::new(Outcome::Unknown, Reason::UnreadableAnswer),
        400 | 403 => Verdict { outcome: refused(status, &errors(answer).await), ..verdict },
        // 405 and 406 speak of our call, 451 of the wrong region.
        405 | 406 | 451 => Verdict { outcome: Outcome::AccountRefused, ..verdict },
        429 => throttled(verdict.reason, &answer),
        _ => verdict,
    }
}

/// What its own envelope names; nothing if the answer is somebody else's.
async fn errors(answer: Answer) -> Vec<Fault> {
    serde_json::from_str::<Errors>(&answer.text().await).unwrap_or_default().errors
}

/// A 400 is about the message; a 403 about the sender identity, the account (key, scope, plan), or nothing we know.
/// Without its envelope either may be a gateway's, which says nothing about the message.
fn refused(status: StatusCode, errors: &[Fault]) -> Outcome {
    let any = |named: fn(&Fault) -> bool| errors.iter().any(named);
    if status == StatusCode::BAD_REQUEST && any(|_| true) {
        Outcome::MessageRejected
    } else if any(|fault| fault.field.as_deref() == Some("from") || fault.message.contains("Sender Identity")) {
        Outcome::SenderRejected
    } else if any(|fault| client::names_the_account(&fault.message)) {
        Outcome::AccountRefused
    } else {
        Outcome::Unclassified
    }
}

/// `X-RateLimit-Reset` is the Unix time at which the limit ends; Retry-After is not documented, but clearer.
fn throttled(reason: Reason, answer: &Answer) -> Verdict {
    let reset = answer.header("X-RateLimit-Reset").and_then(|value| value.parse().ok()).map(Duration::from_secs);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let until_reset = reset.map(|reset| reset.saturating_sub(now));
    Verdict::throttled(reason, client::retry_after(answer.headers()).or(until_reset))
}
