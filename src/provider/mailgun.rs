//! Mailgun: `POST /v3/{domain}/messages`, always multipart (a url-encoded body can be refused).
//!
//! Source: Mailgun's documentation, "Messages" and its error list. Our id travels as the variable `smsp_id`, and in the
//! Message-ID, which Mailgun keeps. A 200 is an acceptance only with an id or "Queued": a wrong URL answers 200 too, in prose.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;

use super::api::{self, API_KEY, Api};
use super::client::{self, Answer};
use super::{Call, Capabilities, Connect, Delivery, Invalid, Kind, Lookup, Mode, Provider, Values, Variable, render};
use crate::message::{Attachment, Message};
use crate::outcome::{Outcome, Reason, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "mailgun",
    upstream: "mg",
    local: false,
    // Its documentation, "Sending messages": 25 MB and 1000 recipients a message, three tags; 16 kB of options, ours
    // included.
    capabilities: Capabilities {
        recipients: 1000,
        size: 25_000_000,
        labels: 14_000,
        tags: 3,
        smtputf8: false,
        lookup: Lookup::MessageId,
        ..Capabilities::ANY
    },
    dummy: "in test mode; counted as a mail",
    variables: &[Variable::required("DOMAIN"), API_KEY, client::base_url("https://api.mailgun.net")],
    build,
};

struct Mailgun(Api);

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    let domain = values.get("DOMAIN");
    if !domain.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-') {
        return Err(Invalid {
            variable: "DOMAIN",
            problem: "must be the sending domain alone, such as mg.example.com",
        });
    }
    Ok(Box::new(Mailgun(Api::new(values, connect, &format!("v3/{domain}/messages"))?)))
}

impl Mailgun {
    async fn call(&self, Delivery { message, mode, hand_over }: Delivery<'_>) -> Verdict {
        let request = self.0.post().basic_auth("api", Some(self.0.key()));
        api::call_with_form(request, form(message, mode), hand_over, judge).await
    }
}

impl Provider for Mailgun {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        Box::pin(self.call(delivery))
    }
}

/// It ends with `to`, all of them in one field: a form that breaks off is no mail to anybody.
fn form(message: &Message, mode: Mode) -> Form {
    let mut form = Form::new().text("from", message.from().to_string());
    for (field, mailboxes) in [("cc", message.cc()), ("bcc", message.bcc())] {
        form = mailboxes.iter().fold(form, |form, mailbox| form.text(field, mailbox.to_string()));
    }
    if mode == Mode::Probe {
        // In its test mode it takes a mail, and does not send it (but counts it).
        form = form.text("o:testmode", "yes");
    }
    form = form.text("subject", message.subject().to_owned());
    let (text, html) = render::bodies(message);
    for (field, body) in [("text", text), ("html", html)] {
        form = body.into_iter().fold(form, |form, body| form.text(field, body.to_owned()));
    }
    if !message.reply_to().is_empty() {
        form = form.text("h:Reply-To", render::line(message.reply_to()));
    }
    form = message.headers().iter().fold(form, |form, h| form.text(format!("h:{}", h.name()), h.value().to_owned()));
    form = message.tags().iter().fold(form, |form, tag| form.text("o:tag", tag.as_str().to_owned()));
    form = message.metadata().iter().fold(form, |form, m| form.text(format!("v:{}", m.name()), m.value().to_owned()));
    form = form.text("o:tracking", "no");
    form = form.text("h:Message-Id", format!("<{}>", message.message_id()));
    form = message.attachments().iter().fold(form, attach);
    form.text("v:smsp_id", message.id().to_string()).text("to", render::line(message.to()))
}

/// The file name of a picture inside of the HTML is its content id.
fn attach(form: Form, attachment: &Attachment) -> Form {
    let length = attachment.content.len() as u64;
    let part = Part::stream_with_length(attachment.content.clone(), length);
    let (field, name) = match &attachment.content_id {
        Some(content_id) => ("inline", content_id.as_str()),
        None => ("attachment", attachment.filename.as_str()),
    };
    let part = part.file_name(name.to_owned());
    // Two tokens are always a media type.
    match part.mime_str(attachment.content_type.as_str()) {
        Ok(part) => form.part(field, part),
        Err(_) => form,
    }
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
    let verdict = answer.verdict();
    let text = answer.text().await;
    let body = serde_json::from_str::<Body>(&text).ok();
    if status.is_success() {
        return accepted(status, &text, body);
    }
    let enveloped = body.as_ref().is_some_and(|body| !body.message.is_empty());
    let said = body.map_or(text, |body| body.message);
    match status.as_u16() {
        // In a gateway's words it says nothing about the message.
        400 if !enveloped => verdict,
        400 if said.contains("is not allowed to send") => Verdict { outcome: Outcome::AccountRefused, ..verdict },
        400 => Verdict { outcome: Outcome::MessageRejected, ..verdict },
        403 if client::names_the_account(&said) => Verdict { outcome: Outcome::AccountRefused, ..verdict },
        // The hourly limit of the account.
        420 => Verdict { outcome: Outcome::AccountRefused, ..verdict },
        429 => verdict.waiting(named_wait(&said)),
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
