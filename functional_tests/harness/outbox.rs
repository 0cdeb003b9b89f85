//! A node with an outbox, as callers and operators see it. Its store outlives it, so it can be killed and started again.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use mail_parser::DateTime;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::admin;
use super::answer::Answer;
use super::client::Client;
use super::proxy::Proxy;
use super::settings::Settings;
use super::stub_provider::StubProvider;
use super::wait::{eventually_within, when};

/// The key of every store of a test.
pub(crate) const STORE_KEY: &str = "2026a:4242424242424242424242424242424242424242424242424242424242424242";
const POLL: Duration = Duration::from_millis(10);
/// A mail that had no place time and again waits for up to six minutes.
const CHANGE: Duration = Duration::from_secs(400);
/// For one mail, where a test made it wait for seconds at most.
const ONE: Duration = Duration::from_secs(120);
/// For all changes until nothing is pending.
const REST: Duration = Duration::from_secs(1800);

/// Where nodes keep their outbox.
#[derive(Clone)]
pub(crate) struct Store(String);

impl Store {
    /// The database of this URL.
    pub(crate) fn at(url: &str) -> Self {
        Self(url.to_owned())
    }

    /// A SQLite database in this directory.
    pub(crate) fn sqlite(directory: &Path) -> Self {
        Self(format!("sqlite:{}", directory.display()))
    }

    /// These settings, with an outbox in this store. The disk of a machine that builds may be fuller than that of a node.
    pub(crate) fn under(&self, settings: Settings) -> Settings {
        let settings = settings.with("SMSP_STORE", &self.0).with("SMSP_STORE_KEY", STORE_KEY);
        settings.with("SMSP_OUTBOX", "on").with("SMSP_OUTBOX_MIN_FREE", "0%")
    }
}

/// How many mails there are, by status.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Counts(BTreeMap<String, u64>);

impl Counts {
    /// As the admin listener tells.
    pub(crate) async fn of(client: &Client) -> Self {
        let answer = client.ops("/outbox").await.expect(200);
        let count = |mails: &Value| Some((mails["status"].as_str()?.to_owned(), mails["count"].as_u64()?));
        let mails = answer.json["mails"].as_array().into_iter().flatten();
        mails.map(|mails| count(mails).unwrap_or_else(|| panic!("no counts: {answer}"))).collect()
    }

    pub(crate) fn status(&self, status: &str) -> u64 {
        self.0.get(status).copied().unwrap_or_default()
    }

    pub(crate) fn all(&self) -> u64 {
        self.0.values().sum()
    }

    /// Those that a node works on, or will.
    pub(crate) fn pending(&self) -> u64 {
        ["queued", "claimed", "sending"].map(|status| self.status(status)).iter().sum()
    }
}

impl FromIterator<(String, u64)> for Counts {
    /// The sum for each status.
    fn from_iter<I: IntoIterator<Item = (String, u64)>>(mails: I) -> Self {
        let mut counts = BTreeMap::<_, u64>::new();
        mails.into_iter().for_each(|(status, count)| *counts.entry(status).or_default() += count);
        Self(counts)
    }
}

/// Waits until nothing is pending, however much that is: the counts have to change time and again. Fewer need not be pending,
/// because a mail of which it is unknown whether it was sent may be on its way once more.
pub(crate) async fn at_rest(client: &Client) -> Counts {
    let come_to_rest = async {
        let mut counts = Counts::of(client).await;
        while counts.pending() > 0 {
            counts = match timeout(CHANGE, changed(client, &counts)).await {
                Ok(changed) => changed,
                Err(_) => panic!("not within {CHANGE:?}: {counts:?} change\n{}", pending(client).await),
            };
        }
        counts
    };
    timeout(REST, come_to_rest).await.expect("the outbox comes to rest")
}

async fn changed(client: &Client, before: &Counts) -> Counts {
    loop {
        let now = Counts::of(client).await;
        if now != *before {
            return now;
        }
        sleep(POLL).await;
    }
}

/// A page of those mails, as evidence.
async fn pending(client: &Client) -> String {
    let mut mails = String::new();
    for status in ["queued", "claimed", "sending"] {
        mails += &client.ops(&format!("/outbox/mails?status={status}")).await.to_string();
    }
    mails
}

/// The time after this wait, as a mail has it.
pub(crate) fn time_after(wait: Duration) -> String {
    let since_1970 = (SystemTime::now() + wait).duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let seconds = DateTime::from_timestamp(since_1970.as_secs().cast_signed()).to_rfc3339();
    seconds.replace('Z', &format!(".{:03}Z", since_1970.subsec_millis()))
}

/// Nothing is claimed from now on, or it is again.
pub(crate) async fn pause(proxy: &Proxy, paused: bool) {
    let order = json!({"paused": paused});
    let answer = admin::call(proxy.ops, reqwest::Method::PUT, "/outbox", &[], Some(&order)).await.expect(200);
    assert_eq!(answer.json["paused"], paused, "{answer}");
}

/// Accepts one mail for later.
pub(crate) async fn queue(client: &Client, mail: &Value) -> Answer {
    client.post_to("/outbox", mail.to_string(), &[]).await
}

/// Accepts one mail, and returns its id.
pub(crate) async fn queued(client: &Client, mail: &Value) -> String {
    id(&queue(client, mail).await.expect(202))
}

/// The id of an answer that has one.
pub(crate) fn id(answer: &Answer) -> String {
    answer.json["id"].as_str().unwrap_or_else(|| panic!("no id: {answer}")).to_owned()
}

/// One mail as it is now.
pub(crate) async fn shown(client: &Client, id: &str) -> Answer {
    let request = client.request(reqwest::Method::GET, &format!("/outbox/{id}"));
    Answer::to(request.header("x-api-key", client.key())).await
}

/// How many mails the provider got more than once, by their subjects.
pub(crate) fn sent_twice(provider: &StubProvider) -> usize {
    let mut got = BTreeMap::<_, usize>::new();
    provider.mails().iter().for_each(|mail| *got.entry(mail.parts("subject")).or_default() += 1);
    got.values().filter(|times| **times > 1).count()
}

/// Each hand-over of a mail that is shown, and what it came to.
pub(crate) fn hand_overs(mail: &Answer) -> Vec<String> {
    let attempts = mail.json["attempts"].as_array().unwrap_or_else(|| panic!("no attempts: {mail}"));
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    attempts.iter().map(|attempt| format!("{}:{}", word(&attempt["upstream"]), word(&attempt["outcome"]))).collect()
}

/// The status of one mail.
pub(crate) async fn status(client: &Client, id: &str) -> String {
    let answer = shown(client, id).await.expect(200);
    answer.json["status"].as_str().unwrap_or_else(|| panic!("no status: {answer}")).to_owned()
}

/// Waits until the mail has this status.
pub(crate) async fn becomes(client: &Client, id: &str, status: &str) -> Answer {
    eventually_within(ONE, &format!("{id} is {status}"), async || {
        let answer = shown(client, id).await.expect(200);
        when(answer.json["status"] == status, || answer.to_string()).map(|()| answer)
    })
    .await
}
