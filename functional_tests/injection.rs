//! Whatever text stands in whatever field: the answer is a mail or a refusal, and no mail has a header too many.

use std::cell::Cell;
use std::fs;
use std::path::Path;

use mail_parser::MessageParser;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::harness::{Proxy, Settings, mails};

const CASES: u32 = 200;

/// What breaks naive mailers, between ordinary text.
const PIECES: [&str; 24] = [
    "a",
    "word ",
    "Bcc:",
    "x@evil.example",
    "\r\n",
    "\n",
    "\r",
    "\0",
    "\t",
    "<",
    ">",
    "\"",
    "\\",
    ",",
    ";",
    "@",
    "=?utf-8?q?",
    "=0D=0A",
    "?=",
    "ü",
    "😀",
    "\u{2028}",
    "\u{85}",
    "(comment)",
];

fn nasty() -> impl Strategy<Value = String> {
    prop::collection::vec(select(&PIECES[..]), 0..5).prop_map(|pieces| pieces.concat())
}

/// A good mail but for two of its fields.
fn mail() -> impl Strategy<Value = Value> {
    const FIELDS: [&str; 6] = ["subject", "text", "html", "from", "to", "reply_to"];
    let change = || (select(&FIELDS[..]).prop_map(str::to_owned), nasty(), any::<bool>());
    (change(), change()).prop_map(|changes| {
        let mut mail = mails::plain();
        for (field, text, bare) in <[_; 2]>::from(changes) {
            mail[&field] = value(&field, text, bare);
        }
        mail
    })
}

/// Text where text stands; else a mailbox with this name, or whatever it is as a mailbox.
fn value(field: &str, text: String, bare: bool) -> Value {
    match field {
        "subject" | "text" | "html" => json!(text),
        _ if bare => json!(format!("{text} <a@example.net>")),
        "to" => json!([{"email": "a@example.net", "name": text}]),
        _ => json!({"email": "a@example.net", "name": text}),
    }
}

/// The headers of the one mail in `new/`; takes it away.
fn take_headers(dir: &Path) -> Vec<String> {
    let entry = fs::read_dir(dir.join("new")).expect("new/ is there").next().expect("a mail was written");
    let path = entry.expect("new/ can be read").path();
    let bytes = fs::read(&path).expect("a mail can be read");
    fs::remove_file(&path).expect("a mail can be removed");
    let message = MessageParser::default().parse(&bytes).expect("it is a mail");
    let mut names: Vec<_> = message.headers().iter().map(|header| header.name().to_owned()).collect();
    names.sort();
    names
}

fn check_headers(headers: &[String], mail: &Value) -> Result<(), TestCaseError> {
    let allowed =
        ["Content-Transfer-Encoding", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Reply-To"];
    let known = |name: &String| allowed.contains(&&**name) || name == "Subject" || name == "To";
    prop_assert!(headers.iter().all(known), "{headers:?} for {mail}");
    prop_assert!(headers.windows(2).all(|pair| pair[0] != pair[1]), "{headers:?} for {mail}");
    Ok(())
}

#[test]
fn no_text_in_any_field_adds_a_header() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let proxy = runtime.block_on(Proxy::start(Settings::maildir(dir.path())));
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let sent = Cell::new(0);
    let outcome = TestRunner::new(config).run(&mail(), |mail| {
        let answer = runtime.block_on(proxy.client.send(&mail));
        prop_assert!(answer.status == 200 || answer.status == 422, "{mail}\n{answer}");
        if answer.status == 422 {
            return Ok(());
        }
        sent.set(sent.get() + 1);
        check_headers(&take_headers(dir.path()), &mail)
    });
    outcome.unwrap_or_else(|e| panic!("{e}"));
    assert!(sent.get() > CASES / 10, "only {} of {CASES} were mails: the test proves little", sent.get());
}

#[tokio::test]
async fn a_callers_header_that_a_provider_reads_as_a_switch_is_refused() {
    let proxy = Proxy::start(Settings::server().with("SMSP_PROVIDERS", "mock")).await;
    for name in ["X-Mailgun-Drop-Message", "x-smtpapi", "Idempotency-Key"] {
        let mut mail = mails::plain();
        mail["headers"] = json!({name: "yes"});
        let problem = proxy.client.send(&mail).await.expect_problem(422, "none", false);
        let error = &problem.json["errors"][0];
        assert!(error["field"].as_str().is_some_and(|field| field.ends_with(name)), "{problem}");
        assert_eq!(error["reason"], "is a name that this service or a provider uses itself", "{problem}");
    }
}
