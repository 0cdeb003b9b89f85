//! django-anymail, whose backends write the golden mail for the same APIs: every difference from ours is named here, with
//! its reason.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::wire::{Wire, differences, read};
use crate::golden_requests::Row;
use crate::harness::{Process, Request, StubProvider, documents, skip};

/// Python loads Django first, all tests at the same time.
const START: Duration = Duration::from_secs(90);

/// An id of its own, fresh for each mail, by which it knows a webhook's event.
const ANYMAIL_ID: &str = "/personalizations/0/custom_args/anymail_id";

/// What Anymail sends for this mail; none, and a counted skip, if it is not here.
async fn anymail(row: &Row, mail: &Value) -> Option<Request> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = root.join("target/check-tools/bin");
    if !tools.join("django-admin").exists() {
        skip("django-anymail is not here: scripts/check installs it");
        return None;
    }
    let stub = StubProvider::sendgrid().await;
    let kind = row.kind();
    stub.follows(move |request| documents::acceptance(kind, request).into());
    stub.is_lenient();
    let mut command = Command::new(tools.join("python"));
    command.arg(root.join("functional_tests/oracles/send_as_anymail.py")).args([row.kind(), &stub.url()]);
    command.arg(mail.to_string());
    let output = Process::start(command).output(START).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    Some(stub.only_mail())
}

/// The golden mail with our id in its metadata, its addresses in the one form that Anymail takes.
fn tracked(row: &Row, id: &Value) -> Value {
    let mut mail = row.mail();
    mail["metadata"]["smsp_id"] = id.clone();
    mail["cc"] = json!(["Cöpy <copy@example.net>"]);
    if mail["reply_to"].is_string() {
        mail["reply_to"] = json!([mail["reply_to"]]);
    }
    mail
}

async fn agrees(row: Row, intended: &[&str]) {
    let (ours, receipt) = row.request().await;
    let Some(theirs) = anymail(&row, &tracked(&row, &receipt.json["id"])).await else { return };
    let found: Wire = differences(&read(&ours), &read(&theirs));
    let places: Vec<_> = found.keys().collect();
    assert_eq!(places, intended, "ours != theirs: {found:#?}");
}

#[tokio::test]
async fn sendgrid_gets_what_anymail_sends() {
    let intended = [
        "/attachments/0/disposition", // The default, said aloud.
        ANYMAIL_ID,
        // Off, whatever the account's default: tagged links and a footer are no part of the mail that was asked for.
        "/tracking_settings/ganalytics/enable",
        "/tracking_settings/subscription_tracking/enable",
    ];
    agrees(Row::of("sendgrid"), &intended).await;
}

#[tokio::test]
async fn mailgun_gets_what_anymail_sends() {
    let intended = [
        "h:Message-Id 0", // Ours: the same at every attempt, whichever node makes it.
        // One switch for both, and for what comes later.
        "o:tracking 0",
        "o:tracking-clicks 0",
        "o:tracking-opens 0",
        // All in one field, the last: a body that is cut off is no mail to some of them.
        "to 0",
        "to 1",
    ];
    agrees(Row::of("mailgun"), &intended).await;
}

#[tokio::test]
async fn mandrill_gets_what_anymail_sends() {
    let intended = [
        "/async",                       // The default for few recipients, said aloud: the answer names each one's fate.
        "/message/merge",               // Merge tags in a body go through untouched.
        "/message/preserve_recipients", // Else each recipient may get a copy of their own, as the account is set.
        "header content-type",          // Anymail has none; the API reads JSON whatever it is called.
    ];
    agrees(Row::of("mandrill"), &intended).await;
}

#[tokio::test]
async fn postmark_gets_what_anymail_sends() {
    agrees(Row::of("postmark"), &[]).await;
}

#[tokio::test]
async fn sparkpost_gets_what_anymail_sends() {
    let intended = [
        // An address as an object, where Anymail writes it as text: the API takes both, and a name needs no quotes.
        "/content/from",
        "/content/from/email",
        "/content/from/name",
        "/options/perform_substitutions", // Braces in a body go through untouched.
        "/options/transactional",         // Said aloud: this is no bulk mail.
        "target",                         // Anymail's ends in a slash; the API's own page has none.
    ];
    agrees(Row::of("sparkpost"), &intended).await;
}

#[tokio::test]
async fn resend_gets_what_anymail_sends() {
    let intended = [
        "/headers/X-Metadata/smsp_id", // Ours is a tag, which no recipient sees.
        // Anymail writes tags into a header, which every recipient sees; ours are Resend's own.
        "/headers/X-Tags",
        "/tags/0/name",
        "/tags/0/value",
        "/tags/1/name",
        "/tags/1/value",
        "/tags/2/name",
        "/tags/2/value",
        "header accept", // Ours takes any answer: one in another type is no reason to refuse the mail.
        "header idempotency-key", // The mail goes out once however often it is asked for.
    ];
    agrees(Row::of("resend"), &intended).await;
}

#[tokio::test]
async fn brevo_gets_what_anymail_sends() {
    let intended = ["/headers/idempotencyKey"]; // The mail goes out once however often it is asked for.
    agrees(Row::of("brevo"), &intended).await;
}

#[tokio::test]
async fn mailjet_gets_what_anymail_sends() {
    let intended = [
        // Our id has a field of its own, by which the mail can be looked up.
        "/Messages/0/CustomID",
        "/Messages/0/EventPayload/smsp_id",
        "/SandboxMode", // The default, said aloud, for a probe says otherwise.
    ];
    agrees(Row::of("mailjet"), &intended).await;
}

#[tokio::test]
async fn a_changed_field_is_found_in_json_and_in_parts() {
    let changes = [
        ("/subject", json!("Grüße aus Zürich"), "/subject", "subject 0"),
        ("/to/0", json!("Jane <jane@example.net>"), "/personalizations/0/to/0/name", "to 0"),
        ("/attachments/1/content", json!("iVBORw0KGgs="), "/attachments/1/content", "inline 0"),
        ("/metadata/order", json!("18"), "/personalizations/0/custom_args/order", "v:order 0"),
    ];
    for (field, value, in_json, in_parts) in changes {
        for (row, place) in [(Row::of("sendgrid"), in_json), (Row::of("mailgun"), in_parts)] {
            let mail = tracked(&row, &json!("id"));
            let mut other = mail.clone();
            *other.pointer_mut(field).expect("a field of the mail") = value.clone();
            let Some(before) = anymail(&row, &mail).await else { return };
            let after = anymail(&row, &other).await.expect("it is here");
            let mut found = differences(&read(&before), &read(&after));
            // Fresh each time.
            found.remove(ANYMAIL_ID);
            assert_eq!(found.keys().collect::<Vec<_>>(), [place], "{} {found:#?}", row.kind());
        }
    }
}
