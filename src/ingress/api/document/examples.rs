//! True examples: mails that are accepted, and answers that were given. Tests of the built binary hold both.

use serde::Deserialize;
use serde_json::Value;
use utoipa::openapi::content::Content;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi, RefOr};

const MAILS: [(&str, &str, &str); 2] = [
    ("email", "Field names of smsp", include_str!("../../../../openapi/examples/email.json")),
    (
        "original",
        "Legacy field names, of the service that smsp replaces",
        include_str!("../../../../openapi/examples/original.json"),
    ),
];

pub(super) const ANSWERS: &str = include_str!("../../../../openapi/answers.json");

/// An answer that was given.
#[derive(Deserialize)]
struct Answer {
    /// Method and path.
    call: String,
    title: String,
    status: u16,
    body: Value,
}

pub(super) fn add(document: &mut OpenApi) {
    if let Some(content) = operation(document, "POST /email").and_then(request) {
        content.examples.extend(MAILS.map(|(name, summary, text)| {
            let value = serde_json::from_str(text).ok();
            (name.to_owned(), example(summary, value))
        }));
    }
    let answers: Vec<Answer> = serde_json::from_str(ANSWERS).unwrap_or_default();
    for Answer { call, title, status, body } in answers {
        // Not every path and status that a caller may come upon is part of the document.
        if let Some(content) = operation(document, &call).and_then(|operation| response(operation, status)) {
            content.examples.insert(title.to_lowercase().replace(' ', "-"), example(&title, Some(body)));
        }
    }
}

fn operation<'a>(document: &'a mut OpenApi, call: &str) -> Option<&'a mut Operation> {
    let (method, path) = call.split_once(' ')?;
    let path = document.paths.paths.get_mut(path)?;
    match method {
        "GET" => path.get.as_mut(),
        "POST" => path.post.as_mut(),
        _ => None,
    }
}

fn request(operation: &mut Operation) -> Option<&mut Content> {
    match operation.request_body.as_mut()? {
        RefOr::T(body) => body.content.values_mut().next().and_then(content),
        RefOr::Ref(_) => None,
    }
}

fn response(operation: &mut Operation, status: u16) -> Option<&mut Content> {
    match operation.responses.responses.get_mut(&status.to_string())? {
        RefOr::T(response) => response.content.values_mut().next().and_then(content),
        RefOr::Ref(_) => None,
    }
}

fn content(content: &mut RefOr<Content>) -> Option<&mut Content> {
    match content {
        RefOr::T(content) => Some(content),
        RefOr::Ref(_) => None,
    }
}

fn example(summary: &str, value: Option<Value>) -> RefOr<Example> {
    ExampleBuilder::new().summary(summary).value(value).build().into()
}
