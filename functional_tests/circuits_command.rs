//! `smsp circuits` at a running node: a table for people, the answer as it is, again and again, and who may see it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::process::Output;
use crate::harness::wait::when;
use crate::harness::{Behaviour, Process, Proxy, RefusingPort, Settings, StubProvider, eventually, mails, run};

/// The environment of a command that asks this node.
fn environment(proxy: &Proxy) -> Settings {
    Settings::empty().with("SMSP_ADMIN_HOST", "127.0.0.1").with("SMSP_ADMIN_PORT", &proxy.ops.port().to_string())
}

async fn circuits(proxy: &Proxy, words: &[&str]) -> Output {
    run(&[&["circuits"][..], words].concat(), &environment(proxy)).await
}

#[tokio::test]
async fn circuits_are_shown_as_a_table_and_as_they_are() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Behaviour::Close);
    let proxy = Proxy::before_both(&mailgun, &sendgrid).await;
    proxy.client.send(&mails::plain()).await.expect(504);
    proxy.client.order("sg", &json!({"override": "closed", "for": "2h"})).await.expect(200);
    let output = circuits(&proxy, &[]).await;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{output:?}");
    let cells =
        |line: &str| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect();
    let rows: Vec<Vec<String>> = output.stdout.lines().map(cells).collect();
    assert_eq!(rows.len(), 3, "{output:?}");
    assert_eq!(rows[0][..5], ["upstream", "kind", "state", "for", "override"], "{output:?}");
    let (mg, sg) = (&rows[1], &rows[2]);
    assert_eq!(
        [&mg[0], &mg[1], &mg[2], &mg[4], &mg[5], &mg[7]],
        ["mg", "mailgun", "open", "auto", "0 %", "0/0"],
        "{mg:?}"
    );
    assert!(mg[8].ends_with(" s") && mg[9] == "consecutive_failures", "when it is probed, and why: {mg:?}");
    assert_eq!([&sg[0], &sg[2], &sg[5], &sg[8], &sg[9]], ["sg", "closed", "100 %", "-", "-"], "{sg:?}");
    assert!(sg[4].starts_with("closed by loopback, 1 h 59 min"), "{sg:?}");
    let as_json: Value = serde_json::from_str(&circuits(&proxy, &["--json"]).await.stdout).expect("JSON");
    let shown = |circuits: &Value| {
        circuits["circuits"].as_array().map(|all| all.iter().map(|one| one["generation"].clone()).collect::<Vec<_>>())
    };
    assert_eq!(shown(&as_json), shown(&proxy.client.ops("/circuits").await.json), "{as_json}");
}

#[tokio::test]
async fn watching_shows_circuits_again_and_again_and_ends_with_ctrl_c_or_its_reader() {
    let proxy = Proxy::start(Settings::mock()).await;
    let mut watching = Process::smsp(&["circuits", "--watch"], &environment(&proxy));
    shows(&watching, " auto ").await;
    proxy.client.order("mock", &json!({"override": "open"})).await.expect(200);
    shows(&watching, " open by ").await;
    assert!(watching.ended().is_none(), "{}", watching.evidence());
    watching.signal("INT");
    let output = watching.output(Duration::from_secs(20)).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let script = "\"$0\" circuits --watch --json | head -n 1";
    let read = Process::smsp_behind(&["sh", "-c", script], &[], &environment(&proxy));
    let output = read.output(Duration::from_secs(20)).await;
    assert_eq!((output.code, output.stdout.lines().count()), (Some(0), 1), "{output:?}");
}

async fn shows(watching: &Process, word: &str) {
    eventually("it is shown", async || {
        let is_it = |line: &String| line.starts_with("mock ") && line.contains(word);
        when(watching.stdout().iter().any(is_it), || watching.evidence())
    })
    .await;
}

#[tokio::test]
async fn a_command_without_a_node_rights_or_sense_says_so() {
    let proxy = Proxy::start(Settings::mock().with("SMSP_ADMIN_KEYS", "wall:viewer:viewer-key")).await;
    let without = circuits(&proxy, &[]).await;
    assert!(without.code == Some(1) && without.stderr.contains("401 Unauthorized"), "{without:?}");
    let with = run(&["circuits"], &environment(&proxy).with("SMSP_ADMIN_KEY", "viewer-key")).await;
    assert!(with.code == Some(0) && with.stdout.contains("mock"), "{with:?}");
    for words in [&["mock"][..], &["--wach"]] {
        let output = circuits(&proxy, words).await;
        assert!(output.code == Some(64) && output.stderr.contains("smsp circuits does not know"), "{output:?}");
    }
    let nobody = RefusingPort::reserve();
    let port = nobody.url().rsplit(':').next().unwrap_or_default().to_owned();
    let output = run(&["circuits"], &Settings::empty().with("SMSP_ADMIN_PORT", &port)).await;
    assert!(output.code == Some(1) && output.stderr.contains("is the admin listener of smsp there?"), "{output:?}");
}
