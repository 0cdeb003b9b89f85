//! Somebody else's proxy: what it makes of our requests, and we of its answers.

use std::io::Write;
use std::process::Command;

use tempfile::NamedTempFile;

use crate::harness::tool::{free_port, is_here, listening};
use crate::harness::{Authority, Process, Proxy, RefusingPort, Settings, StubProvider, TlsListener, mails};

const CREDENTIALS: &str = "user:pass%2Dw.rd@";

/// A running one, that wants credentials.
struct Tinyproxy {
    process: Process,
    port: String,
    _config: NamedTempFile,
}

impl Tinyproxy {
    /// `None`, and a counted skip, where it is not here.
    async fn start() -> Option<Self> {
        if !is_here("tinyproxy", "tinyproxy-bin") {
            return None;
        }
        let port = free_port();
        let mut config = NamedTempFile::new().expect("a temporary file can be made");
        let text = format!("Port {port}\nListen 127.0.0.1\nTimeout 60\nLogLevel Connect\nBasicAuth user pass-w.rd\n");
        config.write_all(text.as_bytes()).expect("a temporary file can be written");
        let mut command = Command::new("tinyproxy");
        command.args(["-d", "-c"]).arg(config.path());
        Some(Self { process: listening(command, &port).await, port, _config: config })
    }

    fn url(&self, credentials: &str) -> String {
        format!("http://{credentials}127.0.0.1:{}", self.port)
    }
}

/// Mailgun over TLS, then SendGrid in plain HTTP, both behind it.
fn settings(proxy: &str, mailgun: &str, sendgrid: &str, authority: &Authority) -> Settings {
    let settings = Settings::mailgun_then_sendgrid(mailgun, sendgrid).with("SSL_CERT_FILE", &authority.path());
    settings.with("SMSP_EGRESS_PROXY", proxy)
}

#[tokio::test]
async fn tinyproxy_passes_mail_on_over_https_and_http() {
    let Some(outside) = Tinyproxy::start().await else { return };
    let (authority, mailgun, sendgrid) =
        (Authority::new(), StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let listener = TlsListener::open(authority.vouches_for("127.0.0.1"), mailgun.address()).await;
    let settings = settings(&outside.url(CREDENTIALS), &listener.url(), &sendgrid.url(), &authority);
    for (first, attempts) in [("mg", ["mg:accepted"]), ("sg", ["sg:accepted"])] {
        let proxy = Proxy::start(settings.clone().with("SMSP_PROVIDERS", first)).await;
        for _ in 0..2 {
            proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&attempts);
        }
    }
    assert_eq!((mailgun.mails().len(), sendgrid.mails().len()), (2, 2));
    let log = outside.process.evidence();
    assert!(log.contains("CONNECT 127.0.0.1") && log.contains("POST http://127.0.0.1"), "{log}");
}

#[tokio::test]
async fn tinyproxy_with_other_credentials_or_without_a_way_to_the_provider_has_no_mail() {
    let Some(outside) = Tinyproxy::start().await else { return };
    let (authority, mailgun, sendgrid) =
        (Authority::new(), StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let listener = TlsListener::open(authority.vouches_for("127.0.0.1"), mailgun.address()).await;
    // To wrong credentials it says 401, as if it were the provider.
    for (credentials, attempts, reasons) in [
        ("", ["mg:unavailable", "sg:unclassified"], ["connect", "http_407"]),
        ("user:wrong@", ["mg:unavailable", "sg:account_refused"], ["connect", "http_401"]),
    ] {
        let settings = settings(&outside.url(credentials), &listener.url(), &sendgrid.url(), &authority);
        let refused = Proxy::start(settings).await.client.send(&mails::plain()).await.expect_attempts(&attempts);
        assert_eq!((&refused.json["delivery"], refused.reasons()), (&"none".into(), reasons.to_vec()), "{refused}");
    }
    assert_eq!((mailgun.connections(), sendgrid.connections()), (0, 0));
    let nobody = RefusingPort::reserve().url().replace("http://", "https://");
    let settings = settings(&outside.url(CREDENTIALS), &nobody, &sendgrid.url(), &authority);
    let receipt = Proxy::start(settings).await.client.send(&mails::plain()).await.expect(200);
    assert_eq!(receipt.attempts(), ["mg:unavailable", "sg:accepted"], "{receipt}");
    assert_eq!((receipt.reasons()[0], mailgun.connections()), ("connect", 0), "{receipt}");
}
