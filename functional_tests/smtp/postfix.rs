//! A Postfix of the test's own: what a strict mail server says to our mails. For `scripts/check --long`.

use std::path::Path;
use std::process::Command;

use mail_parser::MessageParser;
use serde_json::json;
use tempfile::TempDir;

use super::{only_file, relay};
use crate::harness::tool::{free_port, is_here, listening};
use crate::harness::{Process, Proxy, mails};

const MASTER: &str = include_str!("postfix/master.cf");
const MAIN: &str = include_str!("postfix/main.cf");

/// Queue, mail and settings in one folder; ends with it.
struct Postfix {
    process: Process,
    dir: TempDir,
    port: String,
}

impl Postfix {
    async fn start() -> Self {
        let (dir, port) = (tempfile::tempdir().expect("a temporary directory can be made"), free_port());
        let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(dir.path(), everybody).expect("our own directory");
        for (folder, owner) in [("etc", "root"), ("queue", "root"), ("data", "postfix"), ("mail", "nobody")] {
            std::fs::create_dir(dir.path().join(folder)).expect("a folder can be made");
            run("chown", &[owner, &dir.path().join(folder).display().to_string()]);
        }
        let write = |name: &str, text: &str| {
            let text = text.replace("{dir}", &dir.path().display().to_string()).replace("{port}", &port);
            std::fs::write(dir.path().join("etc").join(name), text).expect("a file can be written");
        };
        write("main.cf", MAIN);
        write("master.cf", MASTER);
        let mut command = Command::new("/usr/sbin/postfix");
        command.args(["-c", &etc(dir.path()), "start-fg"]);
        let process = listening(command, &port).await;
        Self { process, dir, port }
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // Its children end with their master; whether the order could be given, the killed process shows.
        let _ = Command::new("/usr/sbin/postfix").args(["-c", &etc(self.dir.path()), "abort"]).output();
    }
}

fn etc(dir: &Path) -> String {
    dir.join("etc").display().to_string()
}

fn run(program: &str, args: &[&str]) {
    let status = Command::new(program).args(args).status().unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(status.success(), "{program} {args:?}: {status}");
}

#[tokio::test]
#[ignore = "scripts/check --long runs it, as root"]
async fn postfix_takes_what_it_should_and_refuses_the_rest_as_the_table_has_it() {
    if !is_here("postfix", "postfix") {
        return;
    }
    let postfix = Postfix::start().await;
    let proxy = Proxy::start(relay(&postfix.port).with("SMSP_CIRCUIT_CONSECUTIVE_FAILURES", "100")).await;
    let large = "x".repeat(30_000);
    for (field, value, attempt, reason) in [
        ("to", json!("nobody@example.net"), "smtp:message_rejected", "smtp_550"),
        ("text", json!(large), "smtp:not_capable", "size"),
    ] {
        let answer = proxy.client.send(&mails::but(field, value)).await;
        assert_eq!(answer.attempts(), [attempt], "{answer}");
        assert_eq!(answer.at("/attempts/0/reason"), reason, "{answer}");
    }
    let to = json!(["receiver@example.net", "nobody@example.net"]);
    let partly = proxy.client.send(&mails::but("to", to)).await.expect(200);
    let recipients = json!([
        {"email": "receiver@example.net", "outcome": "accepted", "reason": "smtp_250", "retryable": false},
        {"email": "nobody@example.net", "outcome": "message_rejected", "reason": "smtp_550", "retryable": false},
    ]);
    assert_eq!(partly.json["recipients"], recipients, "{partly}");
    let file = only_file(&postfix.dir.path().join("mail/receiver/new"), &postfix.process).await;
    let mail = MessageParser::default().parse(&file).expect("it is a mail");
    assert_eq!((mail.subject(), mail.body_text(0).as_deref().map(str::trim)), (Some("hello"), Some("body")));
    let relayed = proxy.client.send(&mails::but("to", json!("x@elsewhere.example.org"))).await;
    assert_eq!(relayed.attempts(), ["smtp:not_capable"], "{relayed}");
}

#[tokio::test]
#[ignore = "scripts/check --long runs it, as root"]
async fn postfix_takes_as_many_recipients_as_it_may_and_the_others_are_put_off() {
    if !is_here("postfix", "postfix") {
        return;
    }
    let postfix = Postfix::start().await;
    let settings = relay(&postfix.port).with("SMSP_SMTP_HELO", "mail.example.org").with("SMSP_MAX_RECIPIENTS", "150");
    let proxy = Proxy::start(settings).await;
    let to: Vec<_> = (0..150).map(|number| format!("r{number}@example.net")).collect();
    let answer = proxy.client.send(&mails::but("to", json!(to))).await.expect(200);
    let told = answer.json["recipients"].as_array().expect("it was taken for some");
    let count = |word: &str| told.iter().filter(|recipient| recipient["outcome"] == word).count();
    assert_eq!((count("accepted"), count("deferred")), (100, 50), "{answer}");
    assert_eq!(told[100]["reason"], "smtp_452", "{answer}");
    only_file(&postfix.dir.path().join("mail/receiver/new"), &postfix.process).await;
}
