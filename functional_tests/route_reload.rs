//! The file of rules changes while mail is under way: new rules hold whole or not at all, and mails under way keep theirs.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::harness::stub_provider::Step;
use crate::harness::wait::when;
use crate::harness::{Answer, Behaviour, Client, Gate, Proxy, Reply, Settings, StubProvider, eventually, mails};

const NAMES: [&str; 3] = ["a", "b", "c"];
const CALLERS: usize = 8;
const VERSIONS: usize = 3;

/// A node whose rules stand in a file.
struct Node {
    providers: [StubProvider; 3],
    proxy: Proxy,
    folder: TempDir,
}

impl Node {
    async fn start(rules: &str) -> Self {
        let providers =
            [StubProvider::sendgrid().await, StubProvider::sendgrid().await, StubProvider::sendgrid().await];
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let urls = providers.each_ref().map(StubProvider::url);
        let accounts: Vec<_> = NAMES.into_iter().zip(urls.iter().map(String::as_str)).collect();
        write(&folder, rules);
        let path = file(&folder).display().to_string();
        let settings = Settings::accounts(&accounts).patient_circuits().with("SMSP_ROUTES_FILE", &path);
        Self { providers, proxy: Proxy::start(settings).await, folder }
    }

    fn counts(&self) -> [usize; 3] {
        self.providers.each_ref().map(|provider| provider.mails().len())
    }
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("routes")
}

/// At once, so that no reader sees half of it.
fn write(folder: &TempDir, rules: &str) {
    let new = folder.path().join("new");
    fs::write(&new, rules).and_then(|()| fs::rename(&new, file(folder))).expect("a temporary file can be written");
}

async fn send(client: &Client, tag: &str) -> Answer {
    client.send(&mails::but("tags", json!([tag]))).await.expect(200)
}

#[tokio::test]
async fn mails_under_way_keep_the_rules_that_were_in_force_when_they_came() {
    let node = Node::start("old: tag=otp -> a,b!").await;
    let gate = Gate::shut();
    let refusal = Step::from(Reply::sendgrid_refuses(401, "Forbidden"));
    node.providers[0].does(Behaviour::Steps(vec![Step::Pass(gate.clone()), refusal]));
    let mut under_way = JoinSet::new();
    for _ in 0..CALLERS {
        let client = node.proxy.client.clone();
        under_way.spawn(async move { send(&client, "otp").await });
    }
    let arrived = async || when(node.counts()[0] == CALLERS, || format!("{:?}", node.counts()));
    eventually("the provider has all of them", arrived).await;
    write(&node.folder, "new: tag=otp -> c!; also: tag=offer -> c!");
    eventually("the new rules hold", async || {
        let logs = node.proxy.logs();
        when(logs.iter().any(|event| event["message"] == "routes reloaded"), || format!("{logs:#?}"))
    })
    .await;
    let new = send(&node.proxy.client, "otp").await;
    assert_eq!((&new.json["rule"], new.attempts()), (&json!("new"), vec!["c:accepted".to_owned()]), "{new}");
    gate.open();
    for old in under_way.join_all().await {
        assert_eq!(old.json["rule"], "old", "{old}");
        assert_eq!(old.attempts(), ["a:account_refused", "b:accepted"], "{old}");
    }
    assert_eq!(node.counts(), [CALLERS, CALLERS, 1], "the old rule pins its mail to a and b");
}

/// Two rules, which pin to one upstream each.
fn version(number: usize) -> String {
    let [otp, offer] = [upstream(number, "otp"), upstream(number, "offer")];
    format!("otp-{number}: tag=otp -> {otp}!\noffer-{number}: tag=offer -> {offer}!\n")
}

fn upstream(version: usize, tag: &str) -> &'static str {
    NAMES[(version + usize::from(tag == "offer")) % NAMES.len()]
}

/// The version by whose rule a mail with this tag went, to the upstream that the rule names.
fn version_of(receipt: &Answer, tag: &str) -> usize {
    let rule = receipt.json["rule"].as_str().unwrap_or_default();
    let number = rule.strip_prefix(tag).and_then(|rest| rest.strip_prefix('-')?.parse().ok());
    let number = number.unwrap_or_else(|| panic!("no rule of any version: {receipt}"));
    assert_eq!(receipt.json["provider"], upstream(number, tag), "{receipt}");
    number
}

/// Sends mails of either tag in turn, the last ones behind the stop; the version of each.
async fn call(client: Client, stop: Gate) -> Vec<usize> {
    let mut versions = Vec::new();
    loop {
        let is_last = stop.is_open();
        for tag in ["otp", "offer"] {
            versions.push(version_of(&send(&client, tag).await, tag));
        }
        if is_last {
            return versions;
        }
    }
}

#[tokio::test]
async fn under_load_each_version_of_the_rules_holds_whole_and_a_faulty_one_never() {
    let node = Node::start(&version(0)).await;
    let (mut callers, stop) = (JoinSet::new(), Gate::shut());
    for _ in 0..CALLERS {
        callers.spawn(call(node.proxy.client.clone(), stop.clone()));
    }
    for number in 1..=VERSIONS {
        write(&node.folder, &format!("bad: tag=otp -> a!\nworse: tag=offer -> no-{number}!\n"));
        eventually("the fault is told of", async || {
            let named = format!("names `no-{number}`");
            let told = |event: &serde_json::Value| event["problem"].as_str().is_some_and(|text| text.contains(&named));
            let logs = node.proxy.logs();
            when(logs.iter().any(told), || format!("{:#?}", logs.last()))
        })
        .await;
        write(&node.folder, &version(number));
        eventually("the new version holds", async || {
            let version = version_of(&send(&node.proxy.client, "offer").await, "offer");
            when(version == number, || format!("version {version} holds"))
        })
        .await;
    }
    stop.open();
    let all = callers.join_all().await;
    for versions in &all {
        assert!(versions.is_sorted(), "old rules came back: {versions:?}");
        assert_eq!((versions.first(), versions.last()), (Some(&0), Some(&VERSIONS)), "{versions:?}");
    }
    let mails = all.iter().map(Vec::len).sum::<usize>();
    assert!(mails > 100, "{mails} mails are no load");
}
