//! The SMTP adapter from outside: the dialogue of a whole mail, the long wait, and relays that are not ours.

mod access_token;
mod ledger;
mod login_relay;
mod postfix;
mod smtp_sink;

use std::net::TcpListener;
use std::path::Path;

use serde_json::json;

use crate::harness::stub_relay::StubRelay;
use crate::harness::{Gate, Process, Proxy, Settings, eventually, golden, mails, run};

/// A relay on loopback, in clear.
pub(crate) fn relay(port: &str) -> Settings {
    Settings::server()
        .with("SMSP_PROVIDERS", "smtp")
        .with("SMSP_SMTP_HOST", "127.0.0.1")
        .with("SMSP_SMTP_PORT", port)
        .with("SMSP_SMTP_TLS", "none")
}

fn with_login(settings: Settings, username: &str, password: &str) -> Settings {
    settings.with("SMSP_SMTP_USERNAME", username).with("SMSP_SMTP_PASSWORD", password)
}

/// What differs from run to run: id, date, boundaries.
fn normalised(dialogue: &str, id: &str) -> String {
    let dialogue = dialogue.replace(id, "{id}");
    let dated = |line: &str| if line.starts_with("Date: ") { "Date: {date}".to_owned() } else { line.to_owned() };
    let text = dialogue.lines().map(dated).collect::<Vec<_>>().join("\n") + "\n";
    let boundaries = text.split("boundary=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let boundaries: Vec<_> = boundaries.map(str::to_owned).collect();
    boundaries
        .iter()
        .enumerate()
        .fold(text, |text, (index, boundary)| text.replace(boundary, &format!("{{boundary {index}}}")))
}

#[tokio::test]
async fn a_relay_hears_the_golden_dialogue() {
    let stub = StubRelay::start().await;
    let proxy = Proxy::start(with_login(relay(&stub.port()), "user", "pass")).await;
    let receipt = proxy.client.send(&golden::json("mail.json")).await.expect(200).expect_attempts(&["smtp:accepted"]);
    let id = receipt.json["id"].as_str().expect("a receipt has an id");
    assert_eq!(receipt.json["provider_message_id"], format!("{id}@example.com"), "{receipt}");
    golden::check("smtp.txt", &normalised(&stub.dialogue(), id));
}

#[tokio::test]
async fn the_name_that_the_operator_gives_is_the_one_that_a_relay_hears() {
    let stub = StubRelay::that(|line, _| (line == "EHLO [127.0.0.1]").then_some("550 5.7.1 a name is needed")).await;
    let proxy = Proxy::start(relay(&stub.port()).with("SMSP_SMTP_HELO", "mail.example.org")).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["smtp:accepted"]);
    assert!(stub.dialogue().contains("C: EHLO mail.example.org\n"), "{}", stub.dialogue());
    let output = run(&["check-config"], &relay("25").with("SMSP_SMTP_HELO", "mailhost")).await;
    assert_eq!(output.code, Some(64), "{output:?}");
    assert!(output.stderr.contains("SMSP_SMTP_HELO: must be this host's full name"), "{output:?}");
}

#[tokio::test]
async fn a_mail_to_a_thousand_is_one_transaction_and_tells_who_was_too_many() {
    let number = |line: &str| line.strip_prefix("RCPT TO:<r")?.split_once('@')?.0.parse::<usize>().ok();
    let stub = StubRelay::that(move |line, _| {
        number(line).filter(|number| *number >= 600).map(|_| "452 4.5.3 Error: too many recipients")
    })
    .await;
    let proxy = Proxy::start(relay(&stub.port()).with("SMSP_MAX_RECIPIENTS", "1000")).await;
    let to: Vec<_> = (0..1000).map(|number| format!("r{number}@example.net")).collect();
    let answer = proxy.client.send(&mails::but("to", json!(to))).await.expect(200);
    assert_eq!(answer.attempts(), ["smtp:accepted"], "{answer}");
    let told = answer.json["recipients"].as_array().expect("it was taken for some");
    let is = |at: usize, outcome: &str| told[at]["outcome"] == outcome && told[at]["email"] == to[at].as_str();
    assert!((0..1000).all(|at| is(at, if at < 600 { "accepted" } else { "deferred" })), "{answer}");
    assert!(told[600]["retryable"] == true && answer.json["partial"] == true, "{answer}");
    let dialogue = stub.dialogue();
    let said = |command: &str| dialogue.matches(&format!("\nC: {command}")).count();
    assert_eq!((said("MAIL"), said("RCPT"), said("DATA")), (1, 1000, 1));
}

#[tokio::test]
async fn hidden_recipients_alone_and_hosts_of_an_intranet_are_carried_by_a_relay() {
    let stub = StubRelay::start().await;
    let proxy = Proxy::start(relay(&stub.port())).await;
    let mut mail = mails::but("to", json!([]));
    mail["bcc"] = json!(["hidden@example.net", "root@mailhost"]);
    mail["from"] = json!("cron@mailhost");
    mail["headers"] = json!({"Sender": "operator@mailhost"});
    proxy.client.send(&mail).await.expect(200).expect_attempts(&["smtp:accepted"]);
    let dialogue = stub.dialogue();
    let (envelope, file) = dialogue.split_once("C: DATA\n").expect("a mail");
    for command in ["MAIL FROM:<cron@mailhost>", "RCPT TO:<hidden@example.net>\n", "RCPT TO:<root@mailhost>\n"] {
        assert!(envelope.contains(&format!("C: {command}")), "{command}: {dialogue}");
    }
    for field in ["From: cron@mailhost\n", "Sender: operator@mailhost\n", "To: undisclosed-recipients:;\n"] {
        assert!(file.contains(field), "{field}: {dialogue}");
    }
    assert!(!file.contains("Bcc") && !file.contains("hidden@") && !file.contains("root@"), "{dialogue}");
}

#[tokio::test]
async fn tags_and_metadata_are_shown_to_the_recipients_of_a_relay_by_a_switch_alone() {
    let stub = StubRelay::start().await;
    let proxy = Proxy::start(relay(&stub.port()).with("SMSP_SMTP_METADATA_HEADERS", "true")).await;
    proxy.client.send(&golden::json("mail.json")).await.expect(200);
    let shown = stub.dialogue();
    assert!(
        shown.contains("\nX-Tags: welcome, first\n") && shown.contains("\nX-Metadata: {\"order\":\"17\""),
        "{shown}"
    );
}

#[tokio::test]
async fn slow_relay_is_504_unknown_and_its_late_reply_is_logged() {
    let gate = Gate::shut();
    let stub = StubRelay::behind(gate.clone()).await;
    let proxy = Proxy::start(relay(&stub.port()).with("SMSP_ATTEMPT_TIMEOUT", "500ms")).await;
    let answer = proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    assert_eq!(answer.attempts(), ["smtp:unknown"], "{answer}");
    gate.open();
    let end = eventually("the log tells how it ended", async || {
        let lines = proxy.logs();
        let line = lines.iter().find(|line| line["message"] == "late SMTP reply to an unknown attempt");
        line.cloned().ok_or_else(|| format!("{lines:#?}"))
    })
    .await;
    assert_eq!((&end["outcome"], &end["reason"]), (&"accepted".into(), &"smtp_250".into()), "{end}");
    assert_eq!(end["id"], answer.json["id"], "{end}");
    assert!(!end.to_string().contains("example"), "an address in {end}");
    assert!(!stub.dialogue().contains("QUIT"), "{}", stub.dialogue());
}

#[tokio::test]
async fn relay_silent_before_the_end_of_the_mail_fails_over() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let (port, second) = (silent.local_addr().expect("an address").port().to_string(), StubRelay::start().await);
    let settings = relay(&port)
        .with("SMSP_PROVIDERS", "smtp,second=smtp")
        .with("SMSP_SECOND_HOST", "127.0.0.1")
        .with("SMSP_SECOND_PORT", &second.port())
        .with("SMSP_SECOND_TLS", "none")
        .with("SMSP_ATTEMPT_TIMEOUT", "500ms");
    let proxy = Proxy::start(settings).await;
    let answer = proxy.client.send(&mails::plain()).await.expect(200);
    let answer = answer.expect_attempts(&["smtp:unavailable", "second:accepted"]);
    assert_eq!(answer.at("/attempts/0/reason"), "timeout", "{answer}");
}

/// Waits for the one mail that a tool has written into this folder.
async fn only_file(dir: &Path, evidence: &Process) -> Vec<u8> {
    eventually("the relay keeps the mail", async || {
        let files = std::fs::read_dir(dir).map_err(|e| e.to_string())?;
        let files: Vec<_> = files.filter_map(|entry| Some(entry.ok()?.path())).collect();
        let mail = files.first().and_then(|path| std::fs::read(path).ok()).filter(|mail| !mail.is_empty());
        mail.ok_or_else(|| evidence.evidence())
    })
    .await
}
