//! The OpenAPI document of the admin listener is true to its node: its example orders are carried out, and each answer has
//! the content type that it names.

use serde_json::Value;
use smsp::delivery::provider;
use smsp::ingress::{admin, api};
use utoipa::openapi::OpenApi;

use crate::harness::admin::{get, order};
use crate::harness::{Proxy, Settings};

async fn document(proxy: &Proxy) -> Value {
    get(proxy.ops, "/openapi.json", &[]).await.expect(200).json
}

#[tokio::test]
async fn the_example_orders_of_the_document_are_carried_out() {
    let proxy = Proxy::start(Settings::mock()).await;
    let document = document(&proxy).await;
    let content = document.pointer("/paths/~1circuits~1{name}/put/requestBody/content/application~1json/examples");
    let examples = content.and_then(Value::as_object).unwrap_or_else(|| panic!("no examples: {document:#}"));
    assert_eq!(examples.len(), 4, "{examples:#?}");
    for example in examples.values() {
        order(proxy.ops, &[], &example["value"]).await.expect(200);
    }
}

#[tokio::test]
async fn every_view_has_the_content_type_of_the_document() {
    let proxy = Proxy::start(Settings::mock()).await;
    let document = document(&proxy).await;
    let paths = document["paths"].as_object().expect("a document has paths");
    let views: Vec<_> = paths.iter().filter(|(_, item)| item.get("get").is_some()).collect();
    assert_eq!(views.len(), 5, "{views:#?}");
    for (path, item) in views {
        let content = item["get"]["responses"]["200"]["content"].as_object().expect("an answer has a content");
        let answer = get(proxy.ops, path, &[]).await.expect(200);
        let content_type = answer.header("content-type").unwrap_or_default();
        assert!(content.contains_key(content_type), "{path}: {answer}");
    }
}

#[test]
fn mail_to_explain_takes_at_the_admin_listener_each_header_that_it_takes_at_the_api() {
    let headers = |document: OpenApi| {
        let document = serde_json::to_value(document).expect("a document is JSON");
        let parameters = document["paths"]["/route"]["post"]["parameters"].as_array().expect("parameters").clone();
        let headers = parameters.iter().filter(|parameter| parameter["in"] == "header");
        headers.map(|header| header["name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let expected = headers(api::document(&provider::table()));
    assert_eq!(expected, ["Idempotency-Key", "X-SMSP-Failover"]);
    assert_eq!(headers(admin::document()), expected);
}

#[tokio::test]
async fn the_document_is_no_page_and_no_other_origin_reads_it() {
    let proxy = Proxy::start(Settings::mock()).await;
    let headers = [("origin", "http://editor.example")];
    let answer = get(proxy.ops, "/openapi.json", &headers).await.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer}");
    assert_eq!(answer.header("access-control-allow-origin"), None, "{answer}");
    assert!(answer.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
    let metrics = proxy.client.metrics().await;
    assert_eq!(metrics.count("smsp_requests_total", &[("path", "/openapi.json")]), 1, "{}", metrics.page);
}
