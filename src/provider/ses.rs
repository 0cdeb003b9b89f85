//! Amazon SES: `POST /v2/email/outbound-emails` of its API v2, signed with Signature Version 4.
//!
//! Source: its API reference and developer guide, and botocore's model of the service. The error's type decides, then the
//! status; the text only where one type means two things: an unverified sender comes as the same `MessageRejected` as a
//! bad content, a spent daily quota as the same throttling as too high a rate. A refused call is not sent, its document
//! says. Our id travels as the tag `smsp_id`; SES makes its own Message-ID.

mod mail;
mod signature;

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;

use super::client::{self, Answer, Client};
use super::off_worker::off_worker;
use super::{Call, Capabilities, Connect, Delivery, HandOver, Invalid, Kind, Mode, Provider, Values, Variable};
use crate::message::Message;
use crate::outcome::{Outcome, Reason, Verdict};
use signature::Signer;

/// The mailbox simulator takes a mail, and tells nobody.
const NOBODY: &str = "success@simulator.amazonses.com";

const REGION: Variable = Variable::required("REGION");
const ACCESS_KEY_ID: Variable = Variable::required("ACCESS_KEY_ID");
const SECRET_ACCESS_KEY: Variable = Variable::secret("SECRET_ACCESS_KEY");
const SESSION_TOKEN: Variable = Variable::optional_secret("SESSION_TOKEN");

pub(super) const KIND: Kind = Kind {
    name: "ses",
    upstream: "ses",
    local: false,
    // Its quotas: 50 recipients, 40 MB after encoding.
    capabilities: Capabilities { recipients: 50, size: 40_000_000, smtputf8: false, ..Capabilities::ANY },
    dummy: "to its mailbox simulator; counted as a mail",
    variables: &[
        REGION,
        ACCESS_KEY_ID,
        SECRET_ACCESS_KEY,
        SESSION_TOKEN,
        client::base_url("https://email.{region}.amazonaws.com"),
    ],
    build,
};

struct Ses {
    client: Client,
    endpoint: Url,
    signer: Signer,
}

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    let region = values.get(REGION.name);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !region.chars().all(plain) {
        return Err(Invalid { variable: REGION.name, problem: "must be a region's name, such as eu-west-1" });
    }
    let base_url = values.get(client::BASE_URL).replace("{region}", region);
    let token = Some(values.get(SESSION_TOKEN.name)).filter(|token| !token.is_empty());
    Ok(Box::new(Ses {
        client: client::build(connect)?,
        endpoint: client::endpoint_at(&base_url, "v2/email/outbound-emails")?,
        signer: Signer::new(region, values.get(ACCESS_KEY_ID.name), values.get(SECRET_ACCESS_KEY.name), token),
    }))
}

impl Provider for Ses {
    fn send<'a>(&'a self, Delivery { message, mode, hand_over }: Delivery<'a>) -> Call<'a> {
        Box::pin(async move {
            let simulated = (mode == Mode::Probe).then(|| NOBODY.parse().ok()).flatten();
            let simulated = simulated.map(|nobody| Message::dummy(message.from().clone(), nobody));
            let Some(body) = mail::body(simulated.as_ref().unwrap_or(message)) else {
                return Verdict::new(Outcome::MessageRejected, Reason::NotSent);
            };
            match self.call(body, hand_over).await {
                Ok(answer) => judge(answer).await,
                Err(verdict) => verdict,
            }
        })
    }
}

impl Ses {
    /// The bytes that are signed are the bytes that are sent.
    async fn call(&self, body: Vec<u8>, hand_over: Arc<HandOver>) -> Result<Answer, Verdict> {
        let signed = off_worker(body.len(), || self.signer.sign(&self.endpoint, &body, SystemTime::now()));
        // Only a key that fits into no header cannot sign.
        let headers = signed.map_err(|_| Verdict::new(Outcome::AccountRefused, Reason::NotSent))?;
        let request = self.client.post(self.endpoint.clone()).header(CONTENT_TYPE, signature::JSON);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        client::call(request, [Bytes::from(body)], hand_over).await
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Accepted {
    message_id: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Fault {
    #[serde(rename = "__type")]
    name: String,
    #[serde(alias = "Message")]
    message: String,
}

async fn judge(answer: Answer) -> Verdict {
    let status = answer.status();
    let verdict = answer.verdict();
    let named = answer.header("x-amzn-errortype").map(str::to_owned);
    let text = answer.text().await;
    if status.is_success() {
        return match serde_json::from_str(&text) {
            Ok(Accepted { message_id }) => Verdict::accepted(verdict.reason, Some(message_id)),
            Err(_) => Verdict::new(Outcome::Unknown, Reason::UnreadableAnswer),
        };
    }
    let fault: Fault = serde_json::from_str(&text).unwrap_or_default();
    let name = named.unwrap_or(fault.name);
    let refused = refused(bare(&name), &fault.message.to_ascii_lowercase()).filter(|_| status.is_client_error());
    match (refused, status.as_u16()) {
        (Some(outcome), _) => Verdict { outcome, ..verdict },
        // Whatever it says: it is about who signed.
        (None, 403) => Verdict { outcome: Outcome::AccountRefused, ..verdict },
        (None, _) => verdict,
    }
}

/// `com.amazonaws.sesv2#BadRequestException:http://...` is a `BadRequest`; some names come with the ending and without.
fn bare(name: &str) -> &str {
    let name = name.split(':').next().unwrap_or_default();
    let name = name.rsplit('#').next().unwrap_or_default();
    name.strip_suffix("Exception").unwrap_or(name)
}

/// What the type of its error says, the text where the type is not enough.
fn refused(name: &str, text: &str) -> Option<Outcome> {
    Some(match name {
        "MessageRejected" if text.contains("not verified") => Outcome::SenderRejected,
        "MailFromDomainNotVerified" => Outcome::SenderRejected,
        "BadRequest" | "ValidationError" | "Validation" | "MessageRejected" => Outcome::MessageRejected,
        "TooManyRequests" | "Throttling" if text.contains("quota exceeded") => Outcome::AccountRefused,
        "TooManyRequests" | "Throttling" => Outcome::Throttled,
        "AccountSuspended" | "SendingPaused" | "NotFound" | "LimitExceeded" => Outcome::AccountRefused,
        // A policy of the operator's that names identities: another sender may pass.
        "AccessDenied" if text.contains(":identity/") => Outcome::SenderRejected,
        "AccessDenied" | "NotAuthorized" | "OptInRequired" | "UnrecognizedClient" => Outcome::AccountRefused,
        "InvalidClientTokenId" | "MissingAuthenticationToken" | "ExpiredToken" => Outcome::AccountRefused,
        "SignatureDoesNotMatch" | "InvalidSignature" | "IncompleteSignature" | "RequestExpired" => {
            Outcome::AccountRefused
        }
        _ => return None,
    })
}
