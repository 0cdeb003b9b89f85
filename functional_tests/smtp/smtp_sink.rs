//! Postfix' own smtp-sink takes a mail, and fails at every point in every way that it knows.

use std::process::Command;

use mail_parser::MessageParser;

use super::{only_file, relay};
use crate::harness::tool::{free_port, is_here, listening};
use crate::harness::{Process, Proxy, golden, mails};

async fn sink(args: &[&str], port: &str) -> Process {
    let mut command = Command::new("smtp-sink");
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").args(args);
    // As root it wants somebody to be.
    if std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0) {
        command.args(["-u", "nobody"]);
    }
    listening(
        {
            command.args([&format!("127.0.0.1:{port}"), "100"]);
            command
        },
        port,
    )
    .await
}

#[tokio::test]
async fn each_way_in_which_smtp_sink_fails_is_judged_by_the_table() {
    if !is_here("smtp-sink", "postfix") {
        return;
    }
    for (args, attempt, reason) in [
        (&[][..], "smtp:accepted", "smtp_250"),
        (&["-q", "CONNECT"], "smtp:unavailable", "connection_lost"),
        (&["-f", "CONNECT", "-B", "554 5.3.2 closed"], "smtp:unavailable", "smtp_554"),
        (&["-q", "MAIL"], "smtp:unavailable", "connection_lost"),
        (&["-f", "MAIL", "-B", "553 5.7.1 not yours"], "smtp:sender_rejected", "smtp_553"),
        (&["-r", "MAIL"], "smtp:deferred", "smtp_450"),
        (&["-f", "RCPT", "-B", "550 5.1.1 unknown"], "smtp:message_rejected", "smtp_550"),
        (&["-f", "RCPT", "-B", "554 5.7.1 Relay access denied"], "smtp:not_capable", "smtp_554"),
        (&["-r", "RCPT"], "smtp:deferred", "smtp_450"),
        (&["-Q", "RCPT"], "smtp:throttled", "smtp_421"),
        (&["-q", "DATA"], "smtp:unavailable", "connection_lost"),
        (&["-w", "20"], "smtp:unavailable", "timeout"),
        (&["-f", ".", "-B", "554 5.6.0 malformed"], "smtp:message_rejected", "smtp_554"),
        (&["-r", "."], "smtp:deferred", "smtp_450"),
        (&["-Q", "."], "smtp:throttled", "smtp_421"),
        (&["-q", "."], "smtp:unknown", "connection_lost"),
    ] {
        let port = free_port();
        let _sink = sink(args, &port).await;
        // Longer than the 5 s of silence that are needed to blame a relay which has answered before.
        let proxy = Proxy::start(relay(&port).with("SMSP_ATTEMPT_TIMEOUT", "6s")).await;
        let answer = proxy.client.send(&mails::plain()).await;
        assert_eq!(answer.attempts(), [attempt], "{args:?} {answer}");
        assert_eq!(answer.at("/attempts/0/reason"), reason, "{args:?} {answer}");
    }
}

#[tokio::test]
async fn what_smtp_sink_keeps_is_the_mail_that_was_asked_for() {
    if !is_here("smtp-sink", "postfix") {
        return;
    }
    let (dir, port) = (tempfile::tempdir().expect("a temporary directory can be made"), free_port());
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(dir.path(), everybody).expect("our own directory");
    let sink = sink(&["-d", &format!("{}/mail.", dir.path().display())], &port).await;
    let proxy = Proxy::start(relay(&port)).await;
    let mut mail = golden::json("mail.json");
    mail["text"] = ".\n..\nline\n.\nend".into();
    proxy.client.send(&mail).await.expect(200);
    let file = only_file(dir.path(), &sink).await;
    let kept = MessageParser::default().parse(&file).expect("it is a mail");
    let shown = String::from_utf8_lossy(&file);
    let recipients: Vec<_> = shown.lines().filter_map(|line| line.strip_prefix("X-Rcpt-Args: ")).collect();
    let asked = ["jane", "plain", "copy", "hidden"].map(|name| format!("<{name}@example.net>"));
    assert_eq!(recipients, asked, "{shown}");
    assert_eq!(kept.subject(), mail["subject"].as_str(), "{shown}");
    assert_eq!(
        kept.body_text(0).as_deref().map(|text| text.replace("\r\n", "\n")),
        Some(".\n..\nline\n.\nend".to_owned())
    );
    assert_eq!(
        (kept.attachment_count(), kept.attachment(1).map(|file| file.contents())),
        (2, Some(&b"%PDF-1.4\n"[..]))
    );
}
