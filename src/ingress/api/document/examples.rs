//! True examples: mails that are accepted, and answers that were given. Tests of the built binary hold both.

use utoipa::openapi::OpenApi;

use crate::ingress::server::document::examples::{add_answers, example, request};

const MAILS: [(&str, &str, &str); 2] = [
    ("email", "Field names of smsp", include_str!("../../../../openapi/examples/email.json")),
    ("original", "Legacy field names", include_str!("../../../../openapi/examples/original.json")),
];

pub(super) const ANSWERS: &str = include_str!("../../../../openapi/answers.json");

/// Given in a process of its own over a store that a test scripts: no other gives all of them.
pub(in crate::ingress::api) const OUTBOX_ANSWERS: &str = include_str!("../../../../openapi/outbox-answers.json");

pub(super) fn add(document: &mut OpenApi) {
    for call in ["POST /email", "POST /route"] {
        let Some(content) = request(document, call) else { continue };
        content.examples.extend(MAILS.map(|(name, summary, text)| {
            let value = serde_json::from_str(text).ok();
            (name.to_owned(), example(summary, value))
        }));
    }
    add_answers(document, ANSWERS);
    add_answers(document, OUTBOX_ANSWERS);
}
