//! A login with an access token: by which mechanism, from which file, and what a refusal comes to.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::NamedTempFile;

use super::*;
use crate::runtime::transcript::recording;

const USER: &str = "a=b,c@example.org";
const REFUSAL: &str = r#"{"status":"401","schemes":"bearer"}"#;

fn file(token: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), token).unwrap();
    file
}

/// Offers these mechanisms, asks for a response where AUTH comes without one, and refuses an `old` token.
async fn relay(mechanisms: &'static str) -> Stub {
    Stub::new(move |_, line| {
        let response = line.strip_prefix("AUTH XOAUTH2 ").or(line.strip_prefix("AUTH OAUTHBEARER ")).unwrap_or(line);
        let shown = STANDARD.decode(response).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        match line {
            "AUTH XOAUTH2" | "AUTH OAUTHBEARER" => Act::say("334 "),
            "" | "AQ==" => Act::say("535 5.7.8 expired"),
            _ if line.starts_with("EHLO") => Some(Act::Say(format!("250-stub\r\n250 AUTH {mechanisms}"))),
            _ if shown.contains("Bearer old") => Some(Act::Say(format!("334 {}", STANDARD.encode(REFUSAL)))),
            _ if shown.contains("Bearer ") => Act::say("235 2.7.0 ok"),
            _ => None,
        }
    })
    .await
}

/// The lines of the logins, the responses in clear.
fn logins(stub: &Stub) -> Vec<String> {
    let clear = |line: &String| {
        let (command, response) = line.rsplit_once(' ').map_or(("", line.as_str()), |(before, word)| (before, word));
        let text = STANDARD.decode(response).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.filter(|text| text.contains("Bearer ")).map(|text| text.replace('\u{1}', "^A"))?;
        Some([command, &text].join(" ").trim_start().to_owned())
    };
    let heard = stub.heard();
    heard.iter().filter_map(|line| clear(line).or(line.starts_with("AUTH").then(|| line.clone()))).collect()
}

#[tokio::test]
async fn a_token_goes_by_the_standard_mechanism_or_by_the_one_that_is_there() {
    let (short, long) = (file("new-token\n"), file(&"x".repeat(2000)));
    let bearer = "AUTH OAUTHBEARER n,a=a=3Db=2Cc@example.org,^Ahost=127.0.0.1^Aport={port}^Aauth=Bearer new-token^A^A";
    let xoauth2 = format!("user={USER}^Aauth=Bearer {}^A^A", "x".repeat(2000));
    for (mechanisms, token, said) in [
        ("PLAIN XOAUTH2 OAUTHBEARER", &short, vec![bearer.to_owned()]),
        ("LOGIN xoauth2", &short, vec![format!("AUTH XOAUTH2 user={USER}^Aauth=Bearer new-token^A^A")]),
        ("LOGIN XOAUTH2", &long, vec!["AUTH XOAUTH2".to_owned(), xoauth2]),
    ] {
        let stub = relay(mechanisms).await;
        let verdict = with_token(smtp(stub.port), token.path()).first(&mail()).await;
        assert_eq!(verdict.outcome, Outcome::Accepted, "{mechanisms} {:?}", stub.heard());
        let said: Vec<_> = said.iter().map(|line| line.replace("{port}", &stub.port.to_string())).collect();
        assert_eq!(logins(&stub), said, "{mechanisms}");
    }
    let stub = relay("PLAIN LOGIN CRAM-MD5").await;
    let verdict = with_token(smtp(stub.port), short.path()).first(&mail()).await;
    assert_eq!(verdict, Verdict::new(Outcome::AccountRefused, Reason::NotSent));
    assert_eq!(logins(&stub), Vec::<String>::new());
}

#[tokio::test]
async fn a_command_line_is_never_longer_than_a_relay_must_take() {
    for length in 300..400 {
        let (stub, token) = (relay("XOAUTH2").await, file(&"x".repeat(length)));
        let verdict = with_token(smtp(stub.port), token.path()).first(&mail()).await;
        assert_eq!(verdict.outcome, Outcome::Accepted, "{length}");
        let longest = stub.heard().iter().filter(|line| line.starts_with("AUTH")).map(String::len).max();
        assert!(longest <= Some(510), "{length}: {longest:?}");
    }
}

#[tokio::test]
async fn a_token_that_has_expired_is_an_account_that_is_refused_once_its_reason_was_heard() {
    let token = file("old-token");
    for (mechanism, acknowledged) in [("OAUTHBEARER", "AQ=="), ("XOAUTH2", "")] {
        let stub = relay(mechanism).await;
        let verdict = with_token(smtp(stub.port), token.path()).first(&mail()).await;
        assert_eq!(bare(verdict.clone()), is(Outcome::AccountRefused, 535), "{mechanism}");
        assert!(opens(&verdict, 1), "{mechanism}");
        assert_eq!(stub.heard().get(2).map(String::as_str), Some(acknowledged), "{:?}", stub.heard());
    }
}

#[tokio::test]
async fn a_new_login_shows_the_token_of_the_day_and_a_kept_connection_stays() {
    let token = file("new-1");
    let stub = relay("XOAUTH2").await;
    let smtp = with_token(smtp(stub.port), token.path());
    for (text, connections) in [("new-1", 1), ("new-2", 1)] {
        fs::write(token.path(), text).unwrap();
        assert_eq!(smtp.first(&mail()).await.outcome, Outcome::Accepted);
        assert_eq!(stub.connections(), connections);
    }
    assert_eq!(smtp.rehearsed(&mail()).await.outcome, Outcome::Accepted, "a probe has a connection of its own");
    let shown = |token: &str| format!("AUTH XOAUTH2 user={USER}^Aauth=Bearer {token}^A^A");
    assert_eq!(logins(&stub), ["new-1", "new-2"].map(shown));
}

#[tokio::test]
async fn without_a_token_nothing_is_sent_and_the_relay_is_unavailable() {
    let stub = relay("XOAUTH2").await;
    let smtp = with_token(smtp(stub.port), std::path::Path::new("/nowhere/token"));
    assert_eq!(smtp.first(&mail()).await, Verdict::new(Outcome::Unavailable, Reason::Disk));
    assert!(stub.heard().iter().all(|line| line.starts_with("EHLO") || line == "QUIT"), "{:?}", stub.heard());
}

/// Sendmail repeats a command that it does not know; another may cut it short.
#[tokio::test]
async fn a_secret_that_a_relay_repeats_is_not_recorded() {
    let token = file("old-token");
    let stub = Stub::new(|_, line| match line.split_once(' ').unwrap_or_default() {
        ("EHLO", _) => Act::say("250-stub\r\n250 AUTH XOAUTH2 PLAIN"),
        ("AUTH", rest) => Some(Act::Say(format!("500-5.5.1 what: \"AUTH {rest}\"\r\n500 AUTH {:.20}...", rest))),
        _ => None,
    })
    .await;
    for smtp in [with_token(smtp(stub.port), token.path()), with_login(smtp(stub.port))] {
        let (verdict, replies) = recording(smtp.rehearsed(&mail())).await;
        assert_eq!(verdict.outcome, Outcome::AccountRefused);
        let told = replies.iter().find(|reply| reply.starts_with("500")).unwrap();
        assert!(told.starts_with("500-5.5.1 what: \"AUTH ") && told.matches("<redacted>").count() == 2, "{told}");
        assert!(!told.contains("dXNl") && !told.contains("AHVz"), "{told}");
    }
}
