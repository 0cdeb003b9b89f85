//! Examples of a document: answers that the built binary gave, kept in a file that a test of the binary holds.

use serde::Deserialize;
use serde_json::Value;
use utoipa::openapi::content::Content;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi, RefOr};

/// An answer that was given.
#[derive(Deserialize)]
struct Answer {
    /// Method and path.
    call: String,
    title: String,
    status: u16,
    body: Value,
}

/// Adds each of these answers, in JSON, to the response of its call and status.
pub fn add_answers(document: &mut OpenApi, answers: &str) {
    let answers: Vec<Answer> = serde_json::from_str(answers).unwrap_or_default();
    for Answer { call, title, status, body } in answers {
        // Not every path and status that a caller may come upon is part of the document.
        if let Some(content) = operation(document, &call).and_then(|operation| response(operation, status)) {
            // A reader of the document shows them by name, and the first of them at once.
            let number = content.examples.len() + 1;
            let name = format!("{number}-{}", title.to_lowercase().replace(' ', "-"));
            content.examples.insert(name, example(&title, Some(body)));
        }
    }
}

/// The content of a request to this method and path.
pub fn request<'a>(document: &'a mut OpenApi, call: &str) -> Option<&'a mut Content> {
    match operation(document, call)?.request_body.as_mut()? {
        RefOr::T(body) => body.content.values_mut().next().and_then(content),
        RefOr::Ref(_) => None,
    }
}

/// An example with a line that says what it is.
pub fn example(summary: &str, value: Option<Value>) -> RefOr<Example> {
    ExampleBuilder::new().summary(summary).value(value).build().into()
}

fn operation<'a>(document: &'a mut OpenApi, call: &str) -> Option<&'a mut Operation> {
    let (method, path) = call.split_once(' ')?;
    let path = document.paths.paths.get_mut(path)?;
    match method {
        "GET" => path.get.as_mut(),
        "POST" => path.post.as_mut(),
        "PUT" => path.put.as_mut(),
        "PATCH" => path.patch.as_mut(),
        "DELETE" => path.delete.as_mut(),
        _ => None,
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
