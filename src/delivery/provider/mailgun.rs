//! Mailgun: `POST /v3/{domain}/messages`, always multipart (a url-encoded body can be refused).
//!
//! Source: Mailgun's documentation, "Messages" and its error list. Our id travels as the variable `smsp_id`, and in the
//! Message-ID, which Mailgun keeps.

mod answer;

use reqwest::multipart::{Form, Part};

use super::api::{self, Api, api_key};
use super::call::{Call, Delivery, Mode, Provider};
use super::capabilities::{Capabilities, Lookup, MaxLength, WordLimits, is_ascii};
use super::client;
use super::kind::Kind;
use super::values::{Connect, Invalid, Values};
use crate::delivery::render;
use crate::delivery::render::Pairs;
use crate::model::message::{Attachment, Message};
use crate::model::outcome::Verdict;
use crate::runtime::settings::Row;

pub(super) const KIND: Kind = Kind {
    name: "mailgun",
    upstream: "mg",
    local: false,
    // Its documentation, "Sending messages" and "Tags": 25 MB and 1000 recipients a message; three tags of 128 ASCII
    // characters, whatever their case; 16 kB of options, ours included.
    capabilities: Capabilities {
        recipients: 1000,
        size: 25_000_000,
        options: 14_000,
        sender: true,
        message_id: true,
        tags: WordLimits { max_count: 3, max_length: MaxLength::Characters(128), is_allowed: is_ascii },
        case_insensitive_tags: true,
        // They are names of fields of the form.
        metadata_names: WordLimits { is_allowed: |name| !name.contains(['"', '\\']), ..WordLimits::ANY },
        lookup: Lookup::MessageId,
        ..Capabilities::API
    },
    reserved_headers: &["x-mailgun-*"],
    probe: "in test mode; counted as a mail",
    #[cfg(test)]
    codes: &[],
    variables: &[
        Row::required("DOMAIN", "domain", "Mailgun's sending domain"),
        api_key("Mailgun's key"),
        client::base_url("https://api.mailgun.net", "where Mailgun's API is; in the EU `https://api.eu.mailgun.net`"),
    ],
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
    async fn call(&self, delivery: Delivery<'_>) -> Verdict {
        let request = self.0.post().basic_auth("api", Some(self.0.key()));
        let form = form(delivery.message, delivery.mode);
        let judge = async |answer| answer::judge(answer, delivery.message).await;
        api::call_with_form(request, form, &delivery, judge).await
    }
}

impl Provider for Mailgun {
    fn send<'a>(&'a self, delivery: Delivery<'a>) -> Call<'a> {
        Box::pin(self.call(delivery))
    }
}

/// The form ends with `to`, all of them in one field: a form that breaks off is no mail to anybody.
fn form(message: &Message, mode: Mode) -> Form {
    // The names of fields go as they are, in UTF-8 (RFC 7578 5.1).
    let mut form = Form::new().percent_encode_noop().text("from", message.from().to_string());
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
        form = form.text("h:Reply-To", render::line_in_7_bits(message.reply_to()));
    }
    let headers = Pairs::headers(message).into_iter();
    form = headers.fold(form, |form, (name, value)| form.text(format!("h:{name}"), value.into_owned()));
    form = message.tags().iter().fold(form, |form, tag| form.text("o:tag", tag.as_str().to_owned()));
    form = message.metadata().iter().fold(form, |form, m| form.text(format!("v:{}", m.name()), m.value().to_owned()));
    form = form.text("o:tracking", "no");
    form = form.text("h:Message-Id", format!("<{}>", message.message_id()));
    form = message.attachments().iter().fold(form, attach);
    form.text("v:smsp_id", message.id().to_string()).text("to", render::line(message.to()))
}

/// The file name of a picture inside of the HTML is its content id.
fn attach(form: Form, attachment: &Attachment) -> Form {
    let (field, name) = match &attachment.content_id {
        Some(content_id) => ("inline", content_id.as_str()),
        None => ("attachment", attachment.filename.as_str()),
    };
    let length = attachment.content.len() as u64;
    let part = || Part::stream_with_length(attachment.content.clone(), length).file_name(name.to_owned());
    // What a message has as a type is one; if not, the file goes without.
    form.part(field, part().mime_str(&attachment.media_type()).unwrap_or_else(|_| part()))
}

#[cfg(test)]
mod tests;
