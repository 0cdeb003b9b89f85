//! aiosmtpd as a relay with TLS and logins: what it sees is what an independent server understands.

use std::path::{Path, PathBuf};
use std::process::Command;

use mail_parser::MessageParser;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use tempfile::TempDir;

use super::{relay, with_login};
use crate::harness::{Answer, Process, Proxy, Settings, eventually, mails, skip};

/// Where scripts/check installs it.
pub(super) fn python() -> Option<PathBuf> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/check-tools/bin");
    let found = tools.join("aiosmtpd").is_file();
    if !found {
        skip("aiosmtpd is not here (PyPI package aiosmtpd)");
    }
    found.then(|| tools.join("python"))
}

/// A certificate for localhost and its key, by an authority of which nobody else knows.
fn certificate(dir: &TempDir) -> [String; 3] {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = || KeyPair::generate().expect("a key can be made");
    let authority = CertifiedIssuer::self_signed(params, key()).expect("an authority signs itself");
    let key = key();
    let params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &authority).expect("an authority signs");
    let write = |name: &str, text: String| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("a temporary file can be written");
        path.display().to_string()
    };
    [
        write("authority.pem", authority.pem()),
        write("certificate.pem", certificate.pem()),
        write("key.pem", key.serialize_pem()),
    ]
}

pub(super) struct LoginRelay {
    pub(super) process: Process,
    port: String,
    authority: String,
    dir: TempDir,
}

impl LoginRelay {
    pub(super) async fn start(python: &Path, mode: &str, left_out: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let [authority, certificate, key] = certificate(&dir);
        let mut command = Command::new(python);
        command.args(["-c", include_str!("login_relay.py"), mode, &certificate, &key]);
        command.arg(dir.path().join("token")).args(left_out);
        let process = Process::start(command);
        let port = said(&process, "port").await["port"].to_string();
        Self { process, port, authority, dir }
    }

    /// The only token that it takes from now on.
    pub(super) fn takes(&self, token: &str) {
        std::fs::write(self.dir.path().join("token"), token).expect("a temporary file can be written");
    }

    pub(super) fn settings(&self, mode: &str) -> Settings {
        relay(&self.port)
            .with("SMSP_SMTP_HOST", "localhost")
            .with("SMSP_SMTP_TLS", mode)
            .with("SMSP_CONNECT_TIMEOUT", "5s")
            .with("SSL_CERT_FILE", &self.authority)
    }

    async fn is_sent(&self, settings: Settings) -> Answer {
        Proxy::start(settings).await.client.send(&mails::plain()).await
    }
}

/// The first line of its output that has this field.
async fn said(process: &Process, field: &str) -> Value {
    eventually(&format!("the relay tells its {field}"), async || {
        let lines = process.stdout();
        let mut lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.find(|line| !line[field].is_null()).ok_or_else(|| process.evidence())
    })
    .await
}

#[tokio::test]
async fn a_mail_goes_through_tls_and_a_login_of_either_kind() {
    let Some(python) = python() else { return };
    for (mode, left_out) in
        [("starttls", &[][..]), ("starttls", &["PLAIN"]), ("implicit", &[]), ("implicit", &["PLAIN"])]
    {
        let relay = LoginRelay::start(&python, mode, left_out).await;
        let answer = relay.is_sent(with_login(relay.settings(mode), "user", "pass")).await;
        answer.expect(200).expect_attempts(&["smtp:accepted"]);
        let seen = said(&relay.process, "mail").await;
        assert_eq!((&seen["tls"], &seen["login"]), (&true.into(), &true.into()), "{mode} {left_out:?} {seen}");
        assert_eq!(seen["to"], serde_json::json!(["receiver@example.net"]), "{seen}");
        let mail = seen["mail"].as_str().expect("a text");
        let mail = MessageParser::default().parse(mail.as_bytes()).expect("it is a mail");
        assert_eq!(
            (mail.subject(), mail.body_text(0).as_deref().map(str::trim)),
            (Some("hello"), Some("body")),
            "{seen}"
        );
    }
}

#[tokio::test]
async fn a_wrong_login_a_strange_authority_and_a_relay_that_insists_on_tls_are_told_apart() {
    let Some(python) = python() else { return };
    let relay = LoginRelay::start(&python, "starttls", &[]).await;
    let strange = tempfile::tempdir().expect("a temporary directory can be made");
    let [other, ..] = certificate(&strange);
    let good = || with_login(relay.settings("starttls"), "user", "pass");
    for (settings, attempt, reason) in [
        (with_login(relay.settings("starttls"), "user", "wrong"), "smtp:account_refused", "smtp_535"),
        (good().with("SSL_CERT_FILE", &other), "smtp:unavailable", "tls"),
        (good().with("SMSP_SMTP_HOST", "127.0.0.1"), "smtp:unavailable", "tls"),
        (relay.settings("implicit"), "smtp:unavailable", "tls"),
        (relay.settings("none"), "smtp:account_refused", "smtp_530"),
    ] {
        let answer = relay.is_sent(settings).await;
        assert_eq!(answer.attempts(), [attempt], "{answer}");
        assert_eq!(answer.at("/attempts/0/reason"), reason, "{answer}");
    }
}
