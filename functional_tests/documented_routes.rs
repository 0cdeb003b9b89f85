//! The routes of both listeners: each documented pair of method and path answers, and nothing else does; each listener
//! serves the part of its document that it answers.

mod source;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use crate::harness::repository::{read, root};
use crate::harness::{Client, Proxy, Settings, run};

pub(crate) const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "SMSP"];

pub(crate) fn method(name: &str) -> Method {
    name.parse().expect("a method is a word")
}

/// A listener's name, and its checked-in document.
const DOCUMENTS: [(&str, &str); 2] = [("api", "openapi/openapi.json"), ("admin", "openapi/admin.json")];

fn checked_in(path: &str) -> Value {
    serde_json::from_str(&read(&root().join(path))).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn client(proxy: &Proxy, listener: &str) -> Client {
    let address = if listener == "api" { proxy.api } else { proxy.ops };
    Client::new(&format!("http://{address}"), proxy.client.key())
}

type Pairs = BTreeSet<(String, String)>;

/// The pairs of method and path in a document.
fn documented(document: &Value) -> Pairs {
    let paths = document["paths"].as_object().expect("a document has paths");
    let of_path = |(path, item): (&String, &Value)| {
        let methods = item.as_object().expect("a path has methods").keys();
        methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

/// Without those that only a node with a store has, or only one whose outbox is on, which delivers by itself, or which has
/// another system's API too.
fn without_store(pairs: Pairs) -> Pairs {
    let is_absent = |path: &str| {
        let is_below = ["/outbox", "/sites"].iter().any(|start| path.starts_with(start));
        is_below || ["/email/{id}", "/send", "/status"].contains(&path)
    };
    pairs.into_iter().filter(|(_, path)| !is_absent(path)).collect()
}

/// Nor does a node without a store queue mail of `POST /email`, or know of keys at another node.
fn without_queueing(whole: &Value) -> Value {
    let mut document = whole.clone();
    if let Some(send) = document.pointer_mut("/paths/~1email/post") {
        let responses = send["responses"].as_object_mut().expect("answers");
        assert!(["202", "409"].iter().all(|status| responses.remove(*status).is_some()), "{responses:?}");
        send["parameters"].as_array_mut().expect("parameters").retain(|parameter| parameter["name"] != "Prefer");
    }
    document
}

/// A node without a store serves all but that, word for word.
fn assert_is_the_part_without_store(served: &Value, whole: &Value, path: &str) {
    let whole = &without_queueing(whole);
    assert_eq!(documented(served), without_store(documented(whole)), "{path}: run scripts/openapi");
    assert_eq!(served["info"], whole["info"], "{path}: run scripts/openapi");
    for part in ["/paths", "/components/schemas"] {
        let whole = whole.pointer(part).unwrap_or_else(|| panic!("no {part}"));
        for (name, served) in served.pointer(part).and_then(Value::as_object).expect("members") {
            assert_eq!(Some(served), whole.get(name), "{path}: run scripts/openapi");
        }
    }
}

/// The pairs that answer, of all methods and the paths of all documents. HEAD is GET without the body (RFC 9110, 9.3.2).
async fn answering(client: &Client) -> Pairs {
    let all: Pairs = DOCUMENTS.iter().flat_map(|(_, path)| documented(&checked_in(path))).collect();
    let paths: BTreeSet<_> = all.into_iter().map(|(_, path)| path).collect();
    let mut found = Pairs::new();
    for path in paths {
        for name in METHODS {
            let answer = client.call(method(name), &path.replace("{name}", "mock")).await;
            assert!(answer.status != 405 || answer.header("allow").is_some(), "{name} {path}: {answer}");
            if ![404, 405].contains(&answer.status) {
                found.insert((name.to_owned(), path.clone()));
            }
        }
    }
    for (_, path) in found.clone().into_iter().filter(|(name, _)| name == "GET") {
        assert!(found.remove(&("HEAD".to_owned(), path.clone())), "HEAD {path}");
    }
    found
}

#[tokio::test]
async fn each_listener_answers_the_pairs_of_its_served_document_and_no_others() {
    let proxy = Proxy::start(Settings::mock()).await;
    for (listener, path) in DOCUMENTS {
        let client = client(&proxy, listener);
        let served = client.get("/openapi.json").await.expect(200).json;
        let answering = answering(&client).await;
        assert_eq!(documented(&served), answering, "the {listener} listener's document, and what answers");
        assert_is_the_part_without_store(&served, &checked_in(path), path);
    }
}

#[tokio::test]
async fn without_docs_each_listener_answers_its_document_but_serves_neither_it_nor_the_ui() {
    let proxy = Proxy::start(Settings::mock().with("SMSP_DOCS", "false")).await;
    for (listener, path) in DOCUMENTS {
        let client = client(&proxy, listener);
        assert_eq!(answering(&client).await, without_store(documented(&checked_in(path))), "{listener}");
        for path in ["/openapi.json", "/swagger.json", "/swagger-ui/", "/swagger-ui", "/swagger-ui/index.html"] {
            let answer = client.get(path).await.expect(404);
            assert_eq!(answer.at("/type"), "urn:smsp:problem:not-found", "{path}: {answer}");
        }
    }
}

#[tokio::test]
async fn the_printed_documents_are_the_checked_in_ones() {
    for (listener, path) in DOCUMENTS {
        let arguments = if listener == "api" { vec!["openapi"] } else { vec!["openapi", listener] };
        let printed = run(&arguments, &Settings::empty()).await;
        assert_eq!(printed.code, Some(0), "{printed:?}");
        assert_eq!(printed.stdout.trim_end(), read(&root().join(path)).trim_end(), "{path}: run scripts/openapi");
    }
    let unknown = run(&["openapi", "metrics"], &Settings::empty()).await;
    assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(64), ""), "{unknown:?}");
    assert!(unknown.stderr.contains("with admin that of the admin listener"), "{unknown:?}");
}
