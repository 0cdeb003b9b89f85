//! Amazon SES: `POST /v2/email/outbound-emails` of its API v2, signed with Signature Version 4.
//!
//! Source: its API reference and developer guide, and botocore's model of the service. Our id travels as the tag `smsp_id`;
//! SES makes its own Message-ID.

mod answer;
mod extensions;
mod mail;
mod signature;

use std::time::SystemTime;

use bytes::Bytes;
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;

use super::call::{Call, Delivery, Mode, Provider};
use super::capabilities::{Capabilities, Files, MaxLength, WordLimits, is_word};
use super::client::{self, Answer, Client};
use super::kind::{BASE_URL, Kind};
use super::values::{Connect, Invalid, Values};
use crate::model::message::Message;
use crate::model::outcome::{Outcome, Reason, Verdict};
use crate::runtime::off_worker::off_worker;
use crate::runtime::settings::Row;
pub(super) use extensions::REFUSED_EXTENSIONS;
use signature::Signer;

/// The mailbox simulator takes a mail, and tells nobody.
const NOBODY: &str = "success@simulator.amazonses.com";

const REGION: Row = Row::required("REGION", "region", "Amazon SES's region, such as `eu-west-1`");
const ACCESS_KEY_ID: Row = Row::required(
    "ACCESS_KEY_ID",
    "text",
    "needs the right `ses:SendEmail` (`ses:SendRawEmail` too, for what only a file can carry)",
);
const SECRET_ACCESS_KEY: Row = Row::secret("SECRET_ACCESS_KEY", "the secret of that key");
const SESSION_TOKEN: Row = Row::optional_secret("SESSION_TOKEN", "the token of temporary keys");

pub(super) const KIND: Kind = Kind {
    name: "ses",
    upstream: "ses",
    local: false,
    // Its quotas: 50 recipients, 40 MB after encoding; its model: tags of 256 of the characters A-Z a-z 0-9 _ -, 50 of them,
    // ours included; a Message-ID is overwritten.
    capabilities: Capabilities {
        recipients: 50,
        without_to: true,
        size: 40_000_000,
        sender: true,
        tags: WordLimits { max_count: 49, max_length: MaxLength::Bytes(256), is_allowed: is_word },
        files: Files { refused_extensions: &REFUSED_EXTENSIONS, ..Files::ANY },
        ..Capabilities::API
    },
    reserved_headers: &["x-ses-*"],
    probe: "to its mailbox simulator; counted as a mail",
    #[cfg(test)]
    codes: answer::LISTED,
    variables: &[
        REGION,
        ACCESS_KEY_ID,
        SECRET_ACCESS_KEY,
        SESSION_TOKEN,
        client::base_url(
            "https://email.{region}.amazonaws.com",
            "where the API is; with FIPS `https://email-fips.{region}.amazonaws.com`",
        )
        .listed_as(|values| Some(base_url(values))),
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
    let token = Some(values.get(SESSION_TOKEN.name)).filter(|token| !token.is_empty());
    Ok(Box::new(Ses {
        client: client::build(connect)?,
        endpoint: client::endpoint_at(&base_url(values), "v2/email/outbound-emails")?,
        signer: Signer::new(region, values.get(ACCESS_KEY_ID.name), values.get(SECRET_ACCESS_KEY.name), token),
    }))
}

fn base_url(values: &Values) -> String {
    values.get(BASE_URL).replace("{region}", values.get(REGION.name))
}

impl Provider for Ses {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        Box::pin(async move {
            let Delivery { message, mode, .. } = delivery;
            let simulated = (mode == Mode::Probe).then(|| NOBODY.parse().ok()).flatten();
            let simulated = simulated.map(|nobody| Message::probe(message.id(), message.from().clone(), nobody));
            let Some(body) = mail::body(simulated.as_ref().unwrap_or(message)) else {
                return Verdict::new(Outcome::MessageRejected, Reason::NotSent);
            };
            match self.call(body, &delivery).await {
                Ok(answer) => answer::judge(answer).await,
                Err(verdict) => verdict,
            }
        })
    }
}

impl Ses {
    /// The bytes that are signed are the bytes that are sent.
    async fn call(&self, body: Vec<u8>, delivery: &Delivery<'_>) -> Result<Answer, Verdict> {
        let signed = off_worker(body.len(), || self.signer.sign(&self.endpoint, &body, SystemTime::now()));
        // Only a key that fits into no header cannot sign.
        let headers = signed.map_err(|_| Verdict::new(Outcome::AccountRefused, Reason::NotSent))?;
        let request = self.client.post(self.endpoint.clone()).with_errors_in(answer::ERROR_TYPE);
        let request = request.header(CONTENT_TYPE, signature::JSON);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        client::call(request, [Bytes::from(body)], delivery).await
    }
}

#[cfg(test)]
mod tests;
