//! Recipes for what smsp itself keeps: its log, and the files of a Maildir. They are run on the real thing.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::section::named;
use crate::harness::stub_relay::StubRelay;
use crate::harness::wait::{PATIENCE, when};
use crate::harness::{Answer, Behaviour, Gate, Process, Proxy, Settings, StubProvider, eventually, mails};
use crate::smtp;

/// A file with everything that this proxy has logged until now.
fn log_of(proxy: &Proxy, folder: &TempDir) -> String {
    let path = folder.path().join("smsp.log");
    fs::write(&path, proxy.process.stdout().join("\n")).expect("a file can be written");
    path.display().to_string()
}

fn text(answer: &Answer, pointer: &str) -> String {
    answer.at(pointer).as_str().unwrap_or_else(|| panic!("no {pointer} in {answer}")).to_owned()
}

#[tokio::test]
async fn recipe_for_a_relay_finds_the_late_reply_in_the_log_and_the_mail_in_the_relays_own() {
    let (gate, folder) = (Gate::shut(), tempfile::tempdir().expect("a folder"));
    let stub = StubRelay::behind(gate.clone()).await;
    let proxy = Proxy::start(smtp::relay(&stub.port()).with("SMSP_ATTEMPT_TIMEOUT", "500ms")).await;
    let answer = proxy.client.send(&mails::plain()).await.expect(504);
    let (id, value) = (text(&answer, "/id"), text(&answer, "/lookup/value"));
    gate.open();
    late_line(&proxy).await;
    let relays = folder.path().join("mail.log");
    let line = format!("postfix/cleanup[9]: 4B1: message-id=<{value}>");
    fs::write(&relays, format!("{line}\npostfix/cleanup[9]: 4B2: message-id=<2@example.org>\n")).expect("a file");
    let recipes = named("smtp").blocks("sh").concat().replace("/var/log/mail.log", &relays.display().to_string());
    let output = shell(&recipes, &[("LOG", &log_of(&proxy, &folder)), ("ID", &id), ("VALUE", &value)]).await;
    let (late, relays) = output.split_once('\n').unwrap_or_else(|| panic!("two lines in {output}"));
    assert!(late.contains(&id) && late.contains(r#""outcome":"accepted""#), "{late}");
    assert_eq!(relays, line);
}

#[tokio::test]
async fn recipe_for_a_relay_that_closes_late_finds_an_outcome_that_stays_unknown() {
    let (stub, folder) = (StubRelay::behind(Gate::shut()).await, tempfile::tempdir().expect("a folder"));
    let proxy = Proxy::start(smtp::relay(&stub.port()).with("SMSP_ATTEMPT_TIMEOUT", "500ms")).await;
    let id = text(&proxy.client.send(&mails::plain()).await.expect(504), "/id");
    drop(stub);
    late_line(&proxy).await;
    let recipe = &named("smtp").blocks("sh")[0];
    let late = shell(recipe, &[("LOG", &log_of(&proxy, &folder)), ("ID", &id)]).await;
    assert!(late.contains(r#""outcome":"unknown","reason":"connection_lost""#), "{late}");
    assert!(named("smtp").says("An `outcome` of `unknown` stays unknown"), "the document says what this outcome means");
}

/// Waits until the log tells how the attempt ended.
async fn late_line(proxy: &Proxy) {
    let is_late = |line: &serde_json::Value| line["message"] == "late SMTP reply to an unknown attempt";
    eventually("the log tells how it ended", async || {
        when(proxy.logs().iter().any(is_late), || proxy.process.evidence())
    })
    .await;
}

#[tokio::test]
async fn recipe_for_a_maildir_finds_the_file_of_the_mail_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let proxy = Proxy::start(Settings::maildir(folder.path())).await;
    let mut files = Vec::new();
    for _ in 0..2 {
        let receipt = proxy.client.send(&mails::plain()).await.expect(200);
        let variables = [
            ("SMSP_MAILDIR_DIR", folder.path().display().to_string()),
            ("VALUE", text(&receipt, "/provider_message_id")),
        ];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        files.push(shell(&named("maildir").blocks("sh").concat(), &variables).await);
    }
    let new = folder.path().join("new");
    assert!(files.iter().all(|file| Path::new(file).is_file() && Path::new(file).starts_with(&new)), "{files:?}");
    assert_ne!(files[0], files[1]);
}

#[tokio::test]
async fn request_without_an_answer_is_found_in_the_log_by_its_id() {
    let (mailgun, folder) = (StubProvider::mailgun().await, tempfile::tempdir().expect("a folder"));
    mailgun.does(Behaviour::Close);
    let proxy = Proxy::before(&mailgun).await;
    let answer = proxy.client.send_with(&mails::plain(), &[("x-request-id", "of-the-client-1")]).await.expect(504);
    let section = named("No answer at all").blocks("sh").concat();
    eventually("the log has the request", async || {
        let variables = [("LOG", log_of(&proxy, &folder)), ("REQUEST_ID", "of-the-client-1".to_owned())];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        let found = shell(&format!("{{ {section}}} || true"), &variables).await;
        let told = [text(&answer, "/id"), r#""upstream":"mg""#.to_owned(), r#""outcome":"unknown""#.to_owned()];
        when(told.iter().all(|text| found.contains(text)), || found.clone())
    })
    .await;
}

/// What these commands print.
async fn shell(commands: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new("bash");
    command.args(["-euo", "pipefail", "-c", commands]).envs(variables.iter().copied());
    let output = Process::start(command).output(PATIENCE).await;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{commands}: {output:?}");
    output.stdout
}
