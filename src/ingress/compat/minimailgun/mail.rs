//! From the members of a call to a message: all of its faults, and never what stands there.

use std::str::FromStr;

use super::fields::{BODY, RECIPIENTS, SENDER, SUBJECT, SendFields, text, texts};
use crate::ingress::server::field_error::FieldError;
use crate::model::message::{BadAddress, Draft, Mailbox, Message};

/// The message, to so many recipients at most. Each of them stands in To, as at Mini-MailGun.
pub(super) fn message(fields: &SendFields, most: usize) -> Result<Message, Vec<FieldError>> {
    let mut faults = Vec::new();
    let from: Option<Mailbox> = parsed(SENDER, text(SENDER, &fields.sender), &mut faults);
    let to = recipients(fields, most, &mut faults);
    let subject = parsed(SUBJECT, text(SUBJECT, &fields.subject), &mut faults);
    let body = parsed(BODY, text(BODY, &fields.body), &mut faults);
    let (Some(from), Some(subject), true) = (from, subject, faults.is_empty()) else { return Err(faults) };
    let draft = Draft { to, subject, text: body, ..Draft::default() };
    let message = Message::new(crate::runtime::ids::fresh().into(), from, draft);
    message.map_err(|_| vec![FieldError::new(RECIPIENTS, NO_RECIPIENT)])
}

const NO_RECIPIENT: &str = "names nobody";

fn recipients(fields: &SendFields, most: usize, faults: &mut Vec<FieldError>) -> Vec<Mailbox> {
    let texts = texts(RECIPIENTS, &fields.recipients, most).and_then(|texts| match texts.len() {
        0 => Err(FieldError::new(RECIPIENTS, NO_RECIPIENT)),
        named if named > most => Err(FieldError::new(RECIPIENTS, format!("names more than {most}"))),
        _ => Ok(texts),
    });
    let texts = texts.map_err(|fault| faults.push(fault)).unwrap_or_default();
    let mailbox = |(place, text): (usize, String)| {
        let wrong =
            |error: BadAddress| faults.push(FieldError::new(format!("{RECIPIENTS}[{place}]"), error.to_string()));
        text.parse().map_err(wrong).ok()
    };
    texts.into_iter().enumerate().filter_map(mailbox).collect()
}

/// What the text is.
fn parsed<T: FromStr<Err: ToString>>(
    name: &str,
    text: Result<String, FieldError>,
    faults: &mut Vec<FieldError>,
) -> Option<T> {
    let parsed = text.and_then(|text| text.parse().map_err(|error: T::Err| FieldError::new(name, error.to_string())));
    parsed.map_err(|fault| faults.push(fault)).ok()
}
