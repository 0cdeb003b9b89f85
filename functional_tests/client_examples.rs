//! The clients in `openapi/examples`: in every language, what each does at every end of a call, and how often the mail went
//! out. They are run against the built binary, or against a stub in its place where the end is not one of its own.

mod answers;
mod language;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use serde_json::json;
use smsp::app::config::groups;
use tempfile::NamedTempFile;

use crate::harness::process::Output;
use crate::harness::stub_provider::Step;
use crate::harness::wait::when;
use crate::harness::{Behaviour, Proxy, Reply, Settings, StubProvider, eventually, mails};
use language::{Example, examples, path};

/// What the exit codes of every example say. A crash of any of them has another code than "not sent".
const ACCEPTED: Option<i32> = Some(0);
const CRASHED: Option<i32> = Some(1);
const NOT_SENT: Option<i32> = Some(3);
const UNKNOWN: Option<i32> = Some(2);

fn message() -> PathBuf {
    path("email.json")
}

async fn send(example: &Example, url: &str) -> Output {
    example.send(url, &message(), &[]).await
}

/// A stub in the place of smsp, or of a gateway before it.
async fn gateway(behaviour: Behaviour) -> StubProvider {
    let gateway = StubProvider::mailgun().await;
    gateway.does(behaviour);
    gateway.is_lenient();
    gateway
}

/// A refusal that may be repeated at once.
fn try_again() -> Reply {
    let problem = json!({"delivery": "none", "retryable": true, "title": "Not now", "detail": "Call again."});
    Reply::new(503, &problem.to_string()).with("retry-after", "0")
}

/// How every example ends at such a gateway, and how often it calls.
async fn ends_at(gateway: impl AsyncFn() -> StubProvider, code: Option<i32>, calls: usize) {
    let ends = async |example: &Example| {
        let gateway = gateway().await;
        let output = example.send(&gateway.url(), &message(), &[("SMSP_TIMEOUT", "5")]).await;
        assert_eq!((output.code, gateway.mails().len()), (code, calls), "{}: {output:?}", example.file);
        let keys: BTreeSet<_> =
            gateway.mails().iter().map(|call| call.header("idempotency-key").map(str::to_owned)).collect();
        assert_eq!(keys.len(), 1, "{}: a repeat has the key of its first call: {keys:?}", example.file);
    };
    join_all(examples().iter().map(ends)).await;
}

#[test]
fn the_time_out_of_every_example_is_the_longest_that_the_documents_name() {
    let page = crate::harness::repository::read(&path("../../docs/how-to/set-client-timeouts.md"));
    let (_, rule) = page.split_once("| the client | **20 s**, with `SMSP_OUTBOX=on` **").expect("the rule");
    let seconds = rule.split(' ').next().unwrap_or_default();
    assert!(page.contains(&format!("The clients in `openapi/examples/` wait for {seconds} s")), "{seconds}");
    for (file, line) in [
        ("send.sh", format!("--max-time \"${{SMSP_TIMEOUT:-{seconds}}}\"")),
        ("send.py", format!("\"SMSP_TIMEOUT\", \"{seconds}\"")),
        ("send.mjs", format!("SMSP_TIMEOUT = \"{seconds}\"")),
        ("send.go", format!("timeout = {seconds} * time.Second")),
    ] {
        assert!(crate::harness::repository::read(&path(file)).contains(&line), "{file}: no {line}");
    }
}

#[tokio::test]
async fn accepted_mail_ends_an_example_with_its_id() {
    for example in examples() {
        let mailgun = StubProvider::mailgun().await;
        let proxy = Proxy::before(&mailgun).await;
        let output = send(example, &proxy.client.url("")).await;
        let expected = format!("accepted {}", mailgun.only_mail().parts("v:smsp_id").concat());
        assert_eq!((output.code, &output.stdout), (ACCEPTED, &expected), "{}: {output:?}", example.file);
    }
}

#[tokio::test]
async fn retryable_none_is_repeated_by_an_example_under_its_key_until_the_mail_is_accepted() {
    for example in examples() {
        let mailgun = StubProvider::mailgun().await;
        let mut refusals = vec![Reply::mailgun_refuses(429, "Too Many Requests")];
        mailgun.follows(move |request| {
            let refusal = (!request.is_probe()).then(|| refusals.pop()).flatten();
            refusal.unwrap_or_else(Reply::mailgun_accepts).into()
        });
        let settings = Settings::server().mailgun(&mailgun.url()).eager_probes().one_probe_closes();
        let proxy = Proxy::start(settings).await;
        let output = send(example, &proxy.client.url("")).await;
        let (mails, id) = (mailgun.mails(), |at: usize| mailgun.mails()[at].parts("v:smsp_id").concat());
        let taken: Vec<_> = mails.iter().map(|mail| mail.taken).collect();
        assert_eq!(taken, [Some(false), Some(true)], "{}: {output:?}", example.file);
        assert_eq!((output.code, output.stdout), (ACCEPTED, format!("accepted {}", id(1))), "{}", example.file);
        assert_eq!(id(0), id(1), "{}: another key", example.file);
    }
}

#[tokio::test]
async fn invalid_message_ends_an_example_with_every_error_and_reaches_no_provider() {
    let message = NamedTempFile::new().expect("a file can be made");
    let mail = mails::but("from", json!("nobody")).to_string();
    std::fs::write(message.path(), mail).expect("a file can be written");
    for example in examples() {
        let mailgun = StubProvider::mailgun().await;
        let proxy = Proxy::before(&mailgun).await;
        let output = example.send(&proxy.client.url(""), message.path(), &[]).await;
        assert_eq!((output.code, mailgun.mails().len()), (NOT_SENT, 0), "{}: {output:?}", example.file);
        for text in ["The message is invalid", "from", "is not an address"] {
            assert!(output.stderr.contains(text), "{}: no {text:?} in {output:?}", example.file);
        }
    }
}

#[tokio::test]
async fn unknown_mail_ends_an_example_with_its_lookup_and_a_request_id_of_the_log() {
    for example in examples() {
        let mailgun = StubProvider::mailgun().await;
        mailgun.does(Behaviour::Close);
        let proxy = Proxy::before(&mailgun).await;
        let output = send(example, &proxy.client.url("")).await;
        assert_eq!(output.code, UNKNOWN, "{}: {output:?}", example.file);
        let id = mailgun.only_mail().parts("v:smsp_id").concat();
        for text in ["lookup", "mg", "Message-ID", &format!("{id}@example.org")] {
            assert!(output.stderr.contains(text), "{}: no {text:?} in {output:?}", example.file);
        }
        let rest = output.stderr.split_once("unknown: request ").map(|(_, rest)| rest);
        let request =
            rest.and_then(|rest| rest.split(':').next()).unwrap_or_else(|| panic!("no request in {output:?}"));
        eventually("the log has the request's id", async || {
            let log = format!("{:?}", proxy.logs());
            when(log.contains(&format!("\"{request}\"")) || log.contains(&format!("String(\"{request}\")")), || {
                log.clone()
            })
        })
        .await;
    }
}

#[tokio::test]
async fn unknown_is_not_repeated_by_an_example_whatever_else_its_answer_says() {
    let problem = Reply::new(504, r#"{"delivery": "unknown", "retryable": true, "id": "1"}"#).with("retry-after", "0");
    ends_at(async || gateway(problem.clone().into()).await, UNKNOWN, 1).await;
}

#[tokio::test]
async fn answer_that_is_not_from_smsp_is_unknown_to_an_example_and_not_repeated() {
    let page = Reply::new(502, "<html>Bad Gateway</html>").with("content-type", "text/html").with("retry-after", "0");
    let others = [(502, r#"{"error": "bad gateway"}"#), (200, "[]"), (200, "null"), (200, r#""none""#), (500, "")];
    let others = others.map(|(status, body)| Reply::new(status, body));
    for reply in [page].into_iter().chain(others) {
        ends_at(async || gateway(reply.clone().into()).await, UNKNOWN, 1).await;
    }
}

#[tokio::test]
async fn connection_that_breaks_is_unknown_to_an_example_and_not_repeated() {
    let half_an_answer = Behaviour::Steps(vec![Reply::new(200, "{\"delivery\":").unfinished().into(), Step::Close]);
    for behaviour in [Behaviour::Reset, Behaviour::Close, half_an_answer] {
        ends_at(async || gateway(behaviour.clone()).await, UNKNOWN, 1).await;
    }
}

#[tokio::test]
async fn silence_is_unknown_to_an_example_and_not_repeated() {
    let silence = async |example: &Example| {
        let gateway = gateway(Behaviour::Stall).await;
        let output = example.send(&gateway.url(), &message(), &[("SMSP_TIMEOUT", "3")]).await;
        assert_eq!((output.code, gateway.mails().len()), (UNKNOWN, 1), "{}: {output:?}", example.file);
    };
    join_all(examples().iter().map(silence)).await;
}

/// Go's client repeats a call by itself whose kept connection broke, if the call has an Idempotency-Key.
#[tokio::test]
async fn kept_connection_that_breaks_is_unknown_to_an_example_and_not_repeated() {
    let breaks_later = async || {
        let (stub, mut answers) = (gateway(Behaviour::Reset).await, vec![try_again()]);
        stub.follows(move |_| answers.pop().map_or(Behaviour::Reset, Behaviour::from));
        stub
    };
    ends_at(breaks_later, UNKNOWN, 2).await;
}

#[tokio::test]
async fn retryable_none_is_repeated_by_an_example_three_times_at_most() {
    ends_at(async || gateway(try_again().into()).await, NOT_SENT, 4).await;
}

#[tokio::test]
async fn every_message_of_an_example_has_an_idempotency_key_and_a_request_id_of_its_own() {
    let gateway = gateway(Reply::new(200, r#"{"delivery": "queued", "id": "1"}"#).into()).await;
    for example in examples().iter().chain(examples()) {
        let output = send(example, &gateway.url()).await;
        assert_eq!((output.code, output.stdout.as_str()), (ACCEPTED, "queued 1"), "{}", example.file);
    }
    let calls = gateway.mails();
    let mark = |name: &'static str| calls.iter().map(move |call| call.header(name).expect("a header").to_owned());
    let marks: BTreeSet<_> = mark("idempotency-key").chain(mark("x-request-id")).collect();
    assert_eq!(marks.len(), 2 * calls.len(), "{marks:?}");
}

#[tokio::test]
async fn message_that_cannot_be_read_is_sent_by_no_example() {
    let gateway = gateway(Reply::new(500, "").into()).await;
    for example in examples() {
        let output = example.send(&gateway.url(), Path::new("/nowhere/message.json"), &[]).await;
        assert_eq!((output.code, gateway.mails().len()), (CRASHED, 0), "{}: {output:?}", example.file);
    }
}

#[test]
fn examples_wait_longer_than_the_default_request_deadline() {
    let settings = groups().into_iter().flat_map(|group| group.settings);
    let mut deadlines = settings.filter(|(name, _)| name == "SMSP_REQUEST_DEADLINE");
    let deadline = deadlines.next().expect("there is a deadline").1.default();
    let number = |text: &str| {
        let digits = text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit);
        digits.collect::<String>().parse::<u32>().unwrap_or_else(|e| panic!("{e} in {text}"))
    };
    for example in examples() {
        let text = example.text();
        let (_, default) = text.split_once("SMSP_TIMEOUT").expect("a variable for the time-out");
        assert!(number(default) > number(&deadline), "{}", example.file);
    }
}
