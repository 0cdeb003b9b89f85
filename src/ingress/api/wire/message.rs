//! From the fields of a JSON object to a message.

use super::field::{
    ATTACHMENTS, BCC, CC, FIELDS, FROM, Field, HEADERS, HTML, METADATA, REPLY_TO, SUBJECT, TAGS, TEXT, TO,
};
use super::fields::Fields;
use super::value::Value;
use crate::ingress::api::settings::MailLimits;
use crate::ingress::server::field_error::FieldError;
use crate::model::message::{BadDraft, Draft, Header, Message, Metadata};

/// The message that this value is.
pub(super) fn message(value: Value<'_>, most: MailLimits) -> Result<Message, Vec<FieldError>> {
    let mut fields = Fields::of(value);
    let message = fields_of_message(&mut fields, most, &FIELDS);
    fields.finish(message)
}

/// The message of these fields; whatever is none of the `known` ones is a fault.
pub(super) fn fields_of_message(fields: &mut Fields<'_>, most: MailLimits, known: &[&Field]) -> Option<Message> {
    let from = fields.mailbox(&FROM);
    let draft = Draft {
        to: fields.mailboxes(&TO),
        cc: fields.mailboxes(&CC),
        bcc: fields.mailboxes(&BCC),
        reply_to: fields.mailboxes(&REPLY_TO),
        subject: fields.text(&SUBJECT).unwrap_or_default(),
        text: fields.text(&TEXT),
        html: fields.text(&HTML),
        attachments: fields.attachments(&ATTACHMENTS, most.attachments),
        headers: fields.pairs(&HEADERS, most.headers, |name, value| Header::new(name, value, most.reserved_headers)),
        tags: fields.words(&TAGS),
        metadata: fields.pairs(&METADATA, Metadata::MAX, Metadata::new),
        ..Draft::default()
    };
    fields.refuse_the_rest(known);
    let recipients = [(&TO, &draft.to), (&CC, &draft.cc), (&BCC, &draft.bcc)];
    if recipients.iter().all(|(field, list)| list.is_empty() && !fields.has_fault(field)) {
        fields.fault(TO.name, &BadDraft::NoRecipient.to_string());
    }
    let message = from.and_then(|from| {
        Message::new(crate::runtime::ids::fresh().into(), from, draft)
            .map_err(|error| {
                if error == BadDraft::ReplyToTwice {
                    fields.fault("headers.Reply-To", &error.to_string());
                }
            })
            .ok()
    });
    if let Some(recipients) = message.as_ref().map(Message::recipients).filter(|count| *count > most.recipients) {
        let reason = format!("{recipients} recipients in to, cc and bcc; at most {} are allowed", most.recipients);
        fields.fault(TO.name, &reason);
    }
    message
}
