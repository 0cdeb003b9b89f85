//! The OpenAPI document of the API and its page: true examples, documented headers and fields, every asset from our port.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Client, Proxy, Settings};

fn openapi_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi")
}

/// The requests among `openapi/examples/`: every request names a sender.
fn example_requests() -> Vec<(PathBuf, Value)> {
    let entries = fs::read_dir(openapi_dir().join("examples")).expect("openapi/examples is there");
    let paths = entries.map(|entry| entry.expect("openapi/examples can be read").path());
    let paths = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("an example can be read");
        let example: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        (path, example)
    };
    let names_a_sender = |example: &Value| example.get("from").is_some() || example.get("fromaddress").is_some();
    paths.map(read).filter(|(_, example)| names_a_sender(example)).collect()
}

#[tokio::test]
async fn the_example_requests_are_accepted() {
    let proxy = Proxy::start(Settings::mock()).await;
    let examples = example_requests();
    assert!(examples.len() >= 2, "both shapes have an example: {examples:?}");
    for (path, example) in examples {
        let answer = proxy.client.send(&example).await;
        assert_eq!(answer.status, 200, "{}\n{answer}", path.display());
    }
}

/// `None` where there is no page; never a page of another server.
async fn content_type(client: &Client, path: &str) -> Option<String> {
    let answer = client.get(path).await;
    (answer.status == 200).then(|| answer.header("content-type").unwrap_or_default().to_owned())
}

#[tokio::test]
async fn the_page_and_all_its_assets_come_from_our_own_port() {
    let proxy = Proxy::start(Settings::mock()).await;
    for (asset, kind) in [
        ("", "text/html"),
        ("index.html", "text/html"),
        ("swagger-ui.css", "text/css"),
        ("index.css", "text/css"),
        ("swagger-ui-bundle.js", "text/javascript"),
        ("swagger-ui-standalone-preset.js", "text/javascript"),
        ("swagger-initializer.js", "text/javascript"),
    ] {
        let served = content_type(&proxy.client, &format!("/swagger-ui/{asset}")).await;
        assert!(served.as_ref().is_some_and(|served| served.starts_with(kind)), "{asset}: {served:?}");
    }
}

#[tokio::test]
async fn the_page_reads_our_own_document() {
    let proxy = Proxy::start(Settings::mock()).await;
    let initializer = proxy.client.get("/swagger-ui/swagger-initializer.js").await.expect(200);
    assert!(initializer.text.contains("/openapi.json"), "{initializer}");
    assert!(!initializer.text.contains("https://"), "nothing from elsewhere: {initializer}");
}

/// The checked-in document, which is also the served one.
fn document() -> Value {
    let text = fs::read_to_string(openapi_dir().join("openapi.json")).expect("openapi/openapi.json is there");
    serde_json::from_str(&text).expect("openapi/openapi.json is JSON")
}

#[test]
fn both_send_options_are_documented_as_optional_headers() {
    let document = document();
    let parameters = document.pointer("/paths/~1email/post/parameters").and_then(Value::as_array);
    let parameters = parameters.unwrap_or_else(|| panic!("no parameters: {}", document["paths"]));
    for (name, rule, values) in
        [("Idempotency-Key", "pattern", json!("^[!-~]+$")), ("X-SMSP-Failover", "enum", json!(["never", "safe"]))]
    {
        let found = parameters.iter().find(|parameter| parameter["name"] == name);
        let header = found.unwrap_or_else(|| panic!("no {name}: {parameters:#?}"));
        assert_eq!((&header["in"], &header["required"]), (&"header".into(), &false.into()), "{header:#}");
        assert!(header["description"].as_str().is_some_and(|text| text.len() > 20), "{header:#}");
        assert_eq!(header["schema"][rule], values, "{header:#}");
    }
    let key = parameters.iter().find(|parameter| parameter["name"] == "Idempotency-Key");
    let key = key.map(|key| &key["schema"]).expect("it was there");
    assert_eq!((&key["minLength"], &key["maxLength"]), (&1.into(), &256.into()), "{key:#}");
}

#[test]
fn the_fields_that_only_some_receipts_have_are_documented_as_such() {
    let document = document();
    let reference = document.pointer("/paths/~1email/post/responses/200/content/application~1json/schema/$ref");
    let name = reference.and_then(Value::as_str).and_then(|path| path.strip_prefix('#')).expect("a schema by name");
    let receipt = document.pointer(name).unwrap_or_else(|| panic!("no {name}"));
    let required: Vec<_> = receipt["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert!(
        ["id", "delivery", "provider", "provider_message_id", "attempts"].iter().all(|field| required.contains(field))
    );
    for (field, kind) in [("possible_duplicate", "boolean"), ("partial", "boolean"), ("recipients", "array")] {
        let schema = &receipt["properties"][field];
        assert_eq!(schema["type"], kind, "{field} in {receipt:#}");
        assert!(schema["description"].as_str().is_some_and(|text| text.len() > 20), "{field} in {receipt:#}");
        assert!(!required.contains(&field), "{field} in {receipt:#}");
    }
    let reference =
        receipt["properties"]["recipients"]["items"]["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
    let recipient = reference.and_then(|path| document.pointer(path)).expect("a recipient has a schema");
    for (field, kind) in [("email", "string"), ("reason", "string"), ("retryable", "boolean")] {
        assert_eq!(recipient["properties"][field]["type"], kind, "{field} in {recipient:#}");
    }
    let reference = recipient["properties"]["outcome"]["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
    let outcome = reference.and_then(|path| document.pointer(path)).expect("an outcome has a schema");
    assert_eq!(outcome["enum"], json!(["accepted", "deferred", "message_rejected", "unknown"]));
}
