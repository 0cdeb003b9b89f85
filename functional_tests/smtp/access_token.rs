//! Logins with an access token, judged by aiosmtpd; and a token that is nobody's to see.

use std::path::Path;

use serde_json::Value;
use tempfile::NamedTempFile;

use super::login_relay::{LoginRelay, python};
use super::{relay, with_login};
use crate::harness::stub_relay::StubRelay;
use crate::harness::{Proxy, Settings, StubProvider, eventually, mails, run};

/// As long as one of Microsoft's.
fn long(token: &str) -> String {
    token.repeat(400)
}

fn file(token: &str) -> NamedTempFile {
    let file = NamedTempFile::new().expect("a temporary file can be made");
    write(file.path(), token);
    file
}

fn write(path: &Path, token: &str) {
    std::fs::write(path, format!("{token}\n")).expect("a temporary file can be written");
}

fn with_token(settings: Settings, file: &Path) -> Settings {
    settings.with("SMSP_SMTP_USERNAME", "user").with("SMSP_SMTP_TOKEN_FILE", &file.display().to_string())
}

/// What the relay has seen of logins: the mechanism, and whether the token came along with it.
fn logins(relay: &LoginRelay) -> Vec<(String, bool)> {
    let lines = relay.process.stdout();
    let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter_map(|line| Some((line["mechanism"].as_str()?.to_owned(), line["at_once"].as_bool()?))).collect()
}

#[tokio::test]
async fn a_relay_is_shown_the_token_by_either_mechanism_and_the_new_one_at_the_next_login() {
    let Some(python) = python() else { return };
    for (left_out, mechanism) in [(&[][..], "OAUTHBEARER"), (&["OAUTHBEARER"], "XOAUTH2")] {
        let relay = LoginRelay::start(&python, "starttls", left_out).await;
        let file = file("first");
        let proxy = Proxy::start(with_token(relay.settings("starttls"), file.path())).await;
        for (token, at_once) in [("first".to_owned(), true), (long("second"), false)] {
            relay.takes(&token);
            write(file.path(), &token);
            proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["smtp:accepted"]);
            assert_eq!(logins(&relay).last(), Some(&(mechanism.to_owned(), at_once)), "{}", relay.process.evidence());
        }
        let told = proxy.logs().iter().map(Value::to_string).collect::<String>();
        assert!(!told.contains("first") && !told.contains("second"), "{told}");
    }
}

#[tokio::test]
async fn a_token_that_has_expired_is_an_account_that_is_refused_until_there_is_a_new_one() {
    let Some(python) = python() else { return };
    for left_out in [&[][..], &["OAUTHBEARER"]] {
        let relay = LoginRelay::start(&python, "starttls", left_out).await;
        relay.takes("new");
        let file = file("old");
        let settings = with_token(relay.settings("starttls"), file.path()).eager_probes().one_probe_closes();
        let proxy = Proxy::start(settings.with("SMSP_ACCOUNT_HOLD", "100ms")).await;
        let answer = proxy.client.send(&mails::plain()).await;
        assert_eq!(answer.attempts(), ["smtp:account_refused"], "{answer}");
        assert_eq!(answer.at("/attempts/0/reason"), "smtp_535", "{answer}");
        write(file.path(), "new");
        eventually("a probe logs in", async || {
            let answer = proxy.client.send(&mails::plain()).await;
            if answer.status == 200 { Ok(()) } else { Err(answer.to_string()) }
        })
        .await;
    }
}

#[tokio::test]
async fn unreadable_token_file_is_logged_and_the_mail_fails_over() {
    let (stub, sendgrid) = (
        StubRelay::that(|line, _| line.starts_with("EHLO").then_some("250-relay\n250 AUTH XOAUTH2")).await,
        StubProvider::sendgrid().await,
    );
    let settings = with_token(relay(&stub.port()), Path::new("/nowhere/token")).sendgrid(&sendgrid.url());
    let proxy = Proxy::start(settings.with("SMSP_PROVIDERS", "smtp,sg")).await;
    for _ in 0..2 {
        let answer = proxy.client.send(&mails::plain()).await.expect(200);
        let answer = answer.expect_attempts(&["smtp:unavailable", "sg:accepted"]);
        assert_eq!(answer.at("/attempts/0/reason"), "disk", "{answer}");
    }
    assert!(!stub.dialogue().contains("MAIL"), "{}", stub.dialogue());
    let logs = proxy.logs();
    let told: Vec<_> = logs.iter().filter(|line| line["file"] == "/nowhere/token").collect();
    assert_eq!(told.len(), 1, "{logs:#?}");
    assert_eq!((&told[0]["level"], &told[0]["problem"]), (&"ERROR".into(), &"cannot be read: entity not found".into()));
}

#[tokio::test]
async fn a_token_file_is_shown_by_its_name_and_excludes_a_password() {
    let file = file("the-token");
    let path = file.path().display().to_string();
    let settings = with_token(relay("25"), file.path());
    let output = run(&["check-config"], &settings).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(output.stdout.contains(&format!("SMSP_SMTP_TOKEN_FILE={path}\n")), "{output:?}");
    assert!(!format!("{output:?}").contains("the-token"), "{output:?}");
    for (settings, told) in [
        (with_login(settings.clone(), "user", "pass"), "SMSP_SMTP_TOKEN_FILE: is set beside the password"),
        (settings.clone().without("SMSP_SMTP_USERNAME"), "SMSP_SMTP_USERNAME: is missing beside the token file"),
        (settings.clone().with("SMSP_SMTP_TOKEN", "the-token"), "SMSP_SMTP_TOKEN: is not a setting"),
    ] {
        let output = run(&["check-config"], &settings).await;
        assert_eq!(output.code, Some(64), "{output:?}");
        assert!(output.stderr.contains(told) && !output.stderr.contains("the-token"), "{output:?}");
    }
}
