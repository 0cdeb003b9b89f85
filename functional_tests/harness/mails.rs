//! Mails that tests send.

use serde_json::{Value, json};

/// A small mail, nothing special about it.
pub(crate) fn plain() -> Value {
    with_subject("hello")
}

/// A small mail with this subject; the mock provider acts on it.
pub(crate) fn with_subject(subject: &str) -> Value {
    json!({"from": "sender@example.com", "to": "receiver@example.net", "subject": subject, "text": "body"})
}

/// A small mail with one field set to something else.
pub(crate) fn but(field: &str, value: Value) -> Value {
    let mut mail = plain();
    mail[field] = value;
    mail
}

/// A small mail from this address.
pub(crate) fn from(address: &str) -> Value {
    but("from", address.into())
}

/// A small mail with one field taken away.
pub(crate) fn without(field: &str) -> Value {
    let mut mail = plain();
    mail.as_object_mut().expect("a mail is an object").remove(field);
    mail
}
