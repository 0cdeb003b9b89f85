//! Mailgun: `POST /v3/{domain}/messages`, always multipart (a url-encoded body can be refused).
//!
//! Source: Mailgun's documentation, "Messages" and its error list. Our id travels as the variable `smsp_id`, and in the
//! Message-ID, which Mailgun keeps. A 200 is an acceptance only with an id or "Queued": a wrong URL answers 200 too, in prose.

use std::time::Duration;

use reqwest::multipart::Form;
use reqwest::{Client, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::client::{self, Answer};
use super::{Call, Capabilities, Connect, Invalid, Kind, Provider, Values, Variable};
use crate::message::Message;
use crate::outcome::{Outcome, Reason, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "mailgun",
    upstream: "mg",
    local: false,
    variables: &[
        Variable::required("DOMAIN"),
        Variable::secret("API_KEY"),
        client::base_url("https://api.mailgun.net"),
    ],
    build,
};

struct Mailgun {
    client: Client,
    endpoint: Url,
    key: SecretString,
}

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    let domain = values.get("DOMAIN");
    if !domain.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-') {
        return Err(Invalid {
            variable: "DOMAIN",
            problem: "must be the sending domain alone, such as mg.example.com",
        });
    }
    Ok(Box::new(Mailgun {
        client: client::build(connect)?,
        endpoint: client::endpoint(values, &format!("v3/{domain}/messages"))?,
        key: values.get("API_KEY").into(),
    }))
}

impl Provider for Mailgun {
    fn send<'a>(&'a self, message: &'a Message) -> Call<'a> {
        Box::pin(async {
            let request = self.client.post(self.endpoint.clone()).basic_auth("api", Some(self.key.expose_secret()));
            match client::call(request.multipart(render(message))).await {
                Ok(answer) => judge(answer).await,
                Err(verdict) => verdict,
            }
        })
    }

    /// Source: Mailgun's documentation, "Sending messages".
    fn capabilities(&self) -> Capabilities {
        Capabilities { recipients: 1000, size: 25_000_000, ..Capabilities::default() }
    }
}

fn render(message: &Message) -> Form {
    let mut form = Form::new().text("from", message.from().to_string());
    for (field, mailboxes) in [("to", message.to()), ("cc", message.cc()), ("bcc", message.bcc())] {
        for mailbox in mailboxes {
            form = form.text(field, mailbox.to_string());
        }
    }
    form = form.text("subject", message.subject().to_owned());
    let (text, html) = client::bodies(message);
    for (field, body) in [("text", text), ("html", html)] {
        if let Some(body) = body {
            form = form.text(field, body.to_owned());
        }
    }
    if let Some(reply_to) = message.reply_to() {
        form = form.text("h:Reply-To", reply_to.to_string());
    }
    form.text("h:Message-Id", format!("<{}>", message.message_id())).text("v:smsp_id", message.id().to_string())
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    message: String,
}

async fn judge(answer: Answer) -> Verdict {
    let status = answer.status();
    let retry_after = client::retry_after(answer.headers());
    let text = answer.text().await;
    let body = serde_json::from_str::<Body>(&text).ok();
    if status.is_success() {
        return accepted(status, &text, body);
    }
    let enveloped = body.as_ref().is_some_and(|body| !body.message.is_empty());
    let said = body.map_or(text, |body| body.message);
    let verdict = client::by_status(status);
    match status.as_u16() {
        // In a gateway's words it says nothing about the message.
        400 if !enveloped => verdict,
        400 if said.contains("is not allowed to send") => Verdict { outcome: Outcome::AccountRefused, ..verdict },
        400 => Verdict { outcome: Outcome::MessageRejected, ..verdict },
        403 if client::names_the_account(&said) => Verdict { outcome: Outcome::AccountRefused, ..verdict },
        // The hourly limit of the account.
        420 => Verdict { outcome: Outcome::AccountRefused, ..verdict },
        429 => Verdict::throttled(verdict.reason, retry_after.or_else(|| named_wait(&said))),
        _ => verdict,
    }
}

fn accepted(status: StatusCode, text: &str, body: Option<Body>) -> Verdict {
    match body {
        Some(body) if body.id.is_some() || body.message.starts_with("Queued") => {
            Verdict::accepted(Reason::Status(status.as_u16()), body.id)
        }
        _ if text.contains("Mailgun Magnificent API") => Verdict::new(Outcome::Unavailable, Reason::WrongBaseUrl),
        _ => Verdict::new(Outcome::Unknown, Reason::UnreadableAnswer),
    }
}

/// "try again after 30 seconds", or after a date.
fn named_wait(text: &str) -> Option<Duration> {
    let rest = text.split_once("after ")?.1;
    let seconds = rest.split_once(" second").and_then(|(number, _)| number.parse().ok()).map(Duration::from_secs);
    seconds.or_else(|| client::until_date(&rest.get(..29)?.replace("UTC", "GMT")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_that_a_429_names_is_read_from_its_text() {
        for (text, seconds) in [
            ("Too many requests, try again after 30 seconds", Some(30)),
            ("Please try again after 1 second.", Some(1)),
            ("try again after Sun, 06 Nov 1994 08:49:37 UTC", Some(0)),
            ("try again after Sun, 06 Nov 1994 08:49:37 GMT.", Some(0)),
            ("try again later", None),
            ("try again after lunch", None),
            ("try again after üüüüüüüüüüüüüüüüüüüüüüüüüüüüüü", None),
        ] {
            assert_eq!(named_wait(text), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
