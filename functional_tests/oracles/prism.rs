//! Prism, which holds every request against the provider's own OpenAPI document and against its security scheme.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::golden_requests::Row;
use crate::harness::{Answer, Oracle, Proxy, Request, skip};

const TOOL: &str = "prism/node_modules/.bin/prism";
/// How Prism's log calls what breaks a document.
const VIOLATION: &str = "Violation: request";

/// The provider's document; none, and a counted skip, if it is not here.
fn spec(name: &str) -> Option<PathBuf> {
    let path =
        std::env::var_os("SMSP_SPECS").map(|folder| PathBuf::from(folder).join(name)).filter(|path| path.exists());
    if path.is_none() {
        skip(&format!("{name} is not here: SMSP_SPECS names the folder of the providers' OpenAPI documents"));
    }
    path
}

/// The row's golden mail is accepted; with any of these texts in its request changed it is not, nor without a key.
async fn holds(row: Row, spec: &Path, breaks: &[(&str, &str)]) {
    let path = spec.display().to_string();
    let Some(prism) = Oracle::start(TOOL, &["mock", "-h", "127.0.0.1", "-p", "0", &path]).await else { return };
    // The first request is the one that makes Prism compile the document.
    let settings = row.settings(&prism.url()).with("SMSP_ATTEMPT_TIMEOUT", "20s").with("SMSP_REQUEST_DEADLINE", "30s");
    let proxy = Proxy::start(settings).await;
    let receipt = proxy.client.send(&row.mail()).await;
    assert_eq!(receipt.status, 200, "{receipt}\n{}", prism.log());
    let (request, _) = row.request().await;
    let (whole, key) = (request.text(), request.header("authorization"));
    assert!(matches!(repeat(&prism, &request, &whole, key).await.status, 200..=202), "{}", prism.log());
    assert!(!prism.log().contains(VIOLATION), "{}", prism.log());
    for (text, other) in breaks {
        let broken = whole.replacen(text, other, 1);
        assert_ne!(broken, whole, "no {text} in {whole}");
        let refused = repeat(&prism, &request, &broken, key).await;
        assert!(matches!(refused.status, 400 | 422), "{other}: {refused}\n{}", prism.log());
    }
    repeat(&prism, &request, &whole, None).await.expect(401);
}

/// The request once more, with this body and this key.
async fn repeat(prism: &Oracle, request: &Request, body: &str, key: Option<&str>) -> Answer {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let path = request.target.trim_start_matches("POST ");
    let kind = request.header("content-type").expect("it has a type");
    let call = client.post(format!("{}{path}", prism.url())).header("content-type", kind).body(body.to_owned());
    Answer::to(key.into_iter().fold(call, |call, key| call.header("authorization", key))).await
}

#[tokio::test]
async fn sendgrids_document_allows_the_golden_mail() {
    let Some(spec) = spec("sendgrid-mail-v3.json") else { return };
    let breaks = [(r#""from":"#, r#""form":"#), (r#""enable":false"#, r#""enable":"no""#)];
    holds(Row::of("sendgrid"), &spec, &breaks).await;
}

#[tokio::test]
async fn resends_document_allows_the_golden_mail() {
    let Some(spec) = spec("resend.json") else { return };
    let breaks = [(r#""subject":"#, r#""object":"#), (r#"["hidden@example.net"]"#, "[17]")];
    holds(Row::of("resend"), &spec, &breaks).await;
}

#[tokio::test]
async fn mailguns_document_allows_the_golden_mail() {
    let Some(spec) = spec("mailgun.yaml") else { return };
    let folder = tempfile::tempdir().expect("a folder for the document");
    let patched = one_or_many(&spec, &folder);
    let breaks = [(r#"name="from""#, r#"name="form""#), ("\r\n\r\nno\r\n", "\r\n\r\nmaybe\r\n")];
    holds(Row::of("mailgun"), &patched, &breaks).await;
}

/// Mailgun's document says that a field which may come often is an array; Prism takes that for wrong when it comes once.
fn one_or_many(spec: &Path, folder: &TempDir) -> PathBuf {
    let text = std::fs::read_to_string(spec).expect("the document can be read");
    let schema = "    POST-v3-domain_name-messages-multipart-form-data-RequestBody:\n";
    let (before, rest) = text.split_once(schema).expect("the schema of a mail");
    let (fields, after) = rest.split_once("\n      required:").expect("its fields are before what it requires");
    let array = "type: array\n          items:\n            type: string\n";
    let either = "anyOf: [{type: string}, {type: array, items: {type: string}}]\n";
    let fields = fields.replace(&format!("{array}            format: binary\n"), either).replace(array, either);
    let path = folder.path().join("mailgun.yaml");
    std::fs::write(&path, format!("{before}{schema}{fields}\n      required:{after}")).expect("it can be written");
    path
}
