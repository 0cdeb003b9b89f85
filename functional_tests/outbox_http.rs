//! The outbox over HTTP, on the built binary with a store of its own and a provider of the test.

mod at_a_terminal;
mod batches;
mod broken_store;
mod changes;
mod commands;
mod counts;
mod orders;
mod paused_start;
mod reasons;
mod refusals;
mod times;

use std::time::{Duration, SystemTime};

use reqwest::Method;
use serde_json::{Value, json};
use smsp::runtime::unix_time::UnixTime;

use crate::harness::database::{Database, on_both_stores};
use crate::harness::wait::{eventually, when};
use crate::harness::{Answer, Proxy, Settings, StubProvider, mails};

const APP: &str = "app-key-0001";
const SHOP: &str = "shop-key-0001";

/// A node with an outbox and two callers, before Mailgun.
struct Node {
    proxy: Proxy,
    mailgun: StubProvider,
}

impl Node {
    async fn start(database: &Database) -> Self {
        Self::with(database, |settings| settings).await
    }

    async fn with(database: &Database, change: impl FnOnce(Settings) -> Settings) -> Self {
        let mailgun = StubProvider::mailgun().await;
        let settings = Settings::server()
            .mailgun(&mailgun.url())
            .without("SMSP_API_KEY")
            .with("SMSP_API_KEYS", &format!("app:{APP},shop:{SHOP}"));
        let proxy = Proxy::start(change(database.under(settings))).await;
        Self { proxy, mailgun }
    }

    async fn call_as(&self, key: &str, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = self.proxy.client.request(method, path).header("x-api-key", key);
        let Some(body) = body else { return Answer::to(request).await };
        Answer::to(request.header("content-type", "application/json").body(body.to_string())).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.call_as(APP, method, path, body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    /// The path of a mail that was accepted just now.
    async fn accepts(&self, mail: &Value) -> String {
        let answer = self.post("/outbox", mail).await.expect(202);
        answer.header("location").unwrap_or_else(|| panic!("no Location in {answer}")).to_owned()
    }

    /// The mail at this path, once it has this status.
    async fn until(&self, path: &str, status: &str) -> Answer {
        eventually(&format!("the mail is {status}"), async || {
            let answer = self.get(path).await.expect(200);
            when(answer.at("/status") == status, || format!("{answer}\n{}", self.proxy.process.evidence()))
                .map(|()| answer)
        })
        .await
    }

    /// How many mails of all callers the store has, by status.
    async fn counts(&self) -> Vec<(String, u64)> {
        let answer = self.proxy.client.ops("/outbox").await.expect(200);
        let mails = answer.at("/mails").as_array().cloned().unwrap_or_default();
        let count = |mail: &Value| Some((mail["status"].as_str()?.to_owned(), mail["count"].as_u64()?));
        mails.iter().map(|mail| count(mail).unwrap_or_else(|| panic!("{answer}"))).collect()
    }
}

/// A mail with one more field.
fn with(field: &str, value: &Value) -> Value {
    let mut mail = mails::plain();
    mail[field] = value.clone();
    mail
}

/// So many days from now, as RFC 3339 writes it.
fn in_days(days: u64) -> String {
    UnixTime::from(SystemTime::now()).after(Duration::from_secs(days * 24 * 3600)).to_string()
}

/// One that waits until tomorrow.
fn scheduled() -> Value {
    with("send_at", &json!(in_days(1)))
}

on_both_stores! {
    a_mail_is_accepted_sent_once_and_its_status_says_so,
    a_repeat_under_one_key_is_one_mail_with_its_present_status,
    without_an_outbox_there_is_no_path_to_it,
    a_node_that_is_stopped_says_once_that_it_has_drained,
}

async fn a_mail_is_accepted_sent_once_and_its_status_says_so(database: &Database) {
    let node = Node::start(database).await;
    let accepted = node.post("/outbox", &mails::plain()).await.expect(202);
    assert_eq!((accepted.at("/status"), accepted.at("/delivery")), (&json!("queued"), &json!("queued")), "{accepted}");
    let path = accepted.header("location").expect("a Location").to_owned();
    assert_eq!(path, format!("/outbox/{}", accepted.at("/id").as_str().expect("an id")));
    let sent = node.until(&path, "accepted").await;
    assert_eq!((sent.at("/delivery"), sent.at("/attempts/0/upstream")), (&json!("accepted"), &json!("mg")), "{sent}");
    assert_eq!((node.mailgun.mails().len(), sent.at("/possible_duplicate")), (1, &json!(false)), "{sent}");
}

async fn a_repeat_under_one_key_is_one_mail_with_its_present_status(database: &Database) {
    let node = Node::start(database).await;
    let call = || {
        let request = node.proxy.client.request(Method::POST, "/outbox").header("x-api-key", APP);
        let request = request.header("idempotency-key", "order-17").header("content-type", "application/json");
        Answer::to(request.body(mails::plain().to_string()))
    };
    let first = call().await.expect(202);
    node.until(&format!("/outbox/{}", first.at("/id").as_str().expect("an id")), "accepted").await;
    let repeat = call().await.expect(202);
    assert_eq!((repeat.at("/id"), repeat.at("/status")), (first.at("/id"), &json!("accepted")), "{repeat}");
    assert_eq!((repeat.header("idempotency-replayed"), node.mailgun.mails().len()), (Some("true"), 1), "{repeat}");
}

async fn without_an_outbox_there_is_no_path_to_it(database: &Database) {
    let node = Node::with(database, |settings| settings.with("SMSP_OUTBOX", "off")).await;
    for (method, path) in [(Method::POST, "/outbox"), (Method::GET, "/outbox"), (Method::POST, "/outbox/batch")] {
        node.call(method, path, Some(&mails::plain())).await.expect(404);
    }
    node.proxy.client.ops("/outbox").await.expect(404);
}

async fn a_node_that_is_stopped_says_once_that_it_has_drained(database: &Database) {
    let node = Node::start(database).await;
    node.proxy.terminate();
    let output = node.proxy.exit(Duration::from_secs(30)).await;
    assert_eq!((output.code, output.stdout.matches("\"drained\"").count()), (Some(0), 1), "{output:?}");
}
