//! A careless adapter: it knows nothing of cc, bcc, `reply_to`, headers and files.

use serde_json::json;

use super::Carried;
use crate::model::message::{Message, Tag};

/// A kind that promises to carry everything.
pub(super) async fn handed_over(message: &Message) -> Carried {
    let metadata: serde_json::Map<_, _> =
        message.metadata().iter().map(|pair| (pair.name().to_owned(), pair.value().into())).collect();
    let body = json!({
        "from": message.from().to_string(),
        "to": message.to().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "sender": message.sender().map(ToString::to_string),
        "message_id": format!("<{}>", message.message_id()),
        "subject": message.subject(),
        "text": message.text(),
        "html": message.html(),
        "tags": message.tags().iter().map(Tag::as_str).collect::<Vec<_>>(),
        "metadata": metadata,
        "smsp_id": message.id().to_string(),
    });
    Carried::request(format!("POST /toy HTTP/1.1\r\n\r\n{body}").as_bytes())
}
