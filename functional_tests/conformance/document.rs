//! The OpenAPI document as it is served: the same under both names, readable across origins, true to its examples.

use serde_json::Value;

use crate::harness::{Answer, Client, Target, skip};

const POST_EMAIL: &str = "/paths/~1email/post";

/// The document, unless a server that we did not start has it switched off.
async fn document(target: &Target) -> Option<Answer> {
    let answer = target.client.get("/openapi.json").await;
    if target.is_foreign() && answer.status == 404 {
        skip("the running server serves no document");
        return None;
    }
    Some(answer.expect(200))
}

/// Every example that the document gives for `POST /email`.
fn examples(document: &Answer) -> Vec<Value> {
    let content = document.at(&format!("{POST_EMAIL}/requestBody/content/application~1json"));
    let named = content["examples"].as_object().cloned().unwrap_or_default();
    named.into_iter().map(|(_, example)| example["value"].clone()).collect()
}

async fn accepted(client: &Client, mail: &Value) {
    let answer = client.send(mail).await;
    assert_eq!(answer.status, 200, "{mail}\n{answer}");
}

#[tokio::test]
async fn the_document_is_served_under_both_names() {
    let target = Target::shared().await;
    let Some(document) = document(&target).await else { return };
    let alias = target.client.get("/swagger.json").await.expect(200);
    assert_eq!(document.text, alias.text);
    assert!(document.json["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{document}");
    assert_eq!(document.header("content-type"), Some("application/json"), "{document}");
}

#[tokio::test]
async fn the_document_may_be_read_from_any_origin() {
    let target = Target::shared().await;
    let request =
        target.client.request(reqwest::Method::GET, "/openapi.json").header("origin", "http://editor.example");
    let answer = Answer::to(request).await;
    if target.is_foreign() && answer.status == 404 {
        return skip("the running server serves no document");
    }
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{answer}");
    let mail = target.client.request(reqwest::Method::POST, "/email").header("origin", "http://editor.example");
    let answer = Answer::to(mail).await;
    assert_eq!(answer.header("access-control-allow-origin"), None, "only the document: {answer}");
}

#[tokio::test]
async fn sending_needs_the_key_scheme_that_the_document_declares() {
    let target = Target::shared().await;
    let Some(document) = document(&target).await else { return };
    let required = document.at(&format!("{POST_EMAIL}/security/0")).as_object().cloned().unwrap_or_default();
    let scheme = required.keys().next().unwrap_or_else(|| panic!("POST /email needs no key in {document}"));
    let declared = document.at(&format!("/components/securitySchemes/{scheme}"));
    assert_eq!((&declared["type"], &declared["in"]), (&"apiKey".into(), &"header".into()), "{declared}");
    assert!(declared["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("x-api-key")), "{declared}");
}

#[tokio::test]
async fn both_examples_of_the_document_are_accepted() {
    let target = Target::shared().await;
    let Some(document) = document(&target).await else { return };
    let examples = examples(&document);
    assert!(examples.iter().any(|example| example.get("fromaddress").is_some()), "the original's shape: {examples:?}");
    assert!(examples.iter().any(|example| example.get("from").is_some()), "the shape of 2026: {examples:?}");
    for example in examples {
        accepted(&target.client, &example).await;
    }
}
