//! P-tls: a provider that cannot prove who it is gets no byte of the mail, and the next one takes it.

use tokio_rustls::rustls::ServerConfig;

use crate::harness::certificate_authority::self_signed;
use crate::harness::{Authority, Proxy, RawProvider, Settings, StubProvider, TlsListener, mails};

const HOST: &str = "127.0.0.1";

/// Mailgun first, at this URL; SendGrid second; only this authority is trusted.
async fn proxy(authority: &Authority, mailgun: &str, sendgrid: &StubProvider) -> Proxy {
    let settings = Settings::mailgun_then_sendgrid(mailgun, &sendgrid.url());
    Proxy::start(settings.with("SSL_CERT_FILE", &authority.path())).await
}

async fn is_passed_over(authority: &Authority, config: ServerConfig) {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let listener = TlsListener::open(config, mailgun.address()).await;
    let proxy = proxy(authority, &listener.url(), &sendgrid).await;
    let receipt = proxy.client.send(&mails::plain()).await.expect(200);
    assert_eq!(receipt.attempts(), ["mg:unavailable", "sg:accepted"], "{receipt}");
    assert_eq!(receipt.reasons()[0], "tls", "{receipt}");
    assert_eq!(mailgun.connections(), 0, "something came through");
    sendgrid.only_mail();
}

#[tokio::test]
async fn valid_certificate_is_accepted() {
    let authority = Authority::new();
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let listener = TlsListener::open(authority.vouches_for(HOST), mailgun.address()).await;
    let proxy = proxy(&authority, &listener.url(), &sendgrid).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
    mailgun.only_mail();
}

#[tokio::test]
async fn an_expired_certificate_proves_nothing() {
    let authority = Authority::new();
    is_passed_over(&authority, authority.vouched_for(HOST)).await;
}

#[tokio::test]
async fn the_certificate_of_another_host_proves_nothing() {
    let authority = Authority::new();
    is_passed_over(&authority, authority.vouches_for("api.example.com")).await;
}

#[tokio::test]
async fn a_certificate_that_nobody_trusted_has_signed_proves_nothing() {
    let authority = Authority::new();
    is_passed_over(&authority, self_signed(HOST)).await;
    is_passed_over(&authority, Authority::new().vouches_for(HOST)).await;
}

/// A `ServerHello` that settles on TLS 1.1 (RFC 4346), and the alert that refuses anything newer.
const TLS_1_1: &[u8] = b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02\
    0123456789abcdef0123456789abcdef\x00\x00\x2f\x00";
const PROTOCOL_VERSION: &[u8] = b"\x15\x03\x02\x00\x02\x02\x46";

#[tokio::test]
async fn provider_without_tls_reads_nothing_of_the_mail() {
    let authority = Authority::new();
    for (shown, answer) in [
        ("TLS 1.1", TLS_1_1),
        ("an alert", PROTOCOL_VERSION),
        ("plain text", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
        ("a hang-up", b""),
    ] {
        let sendgrid = StubProvider::sendgrid().await;
        let mailgun = RawProvider::start(move |mut conversation| async move {
            conversation.read(&mut Vec::new()).await;
            conversation.write(answer).await;
            if !answer.is_empty() {
                conversation.ends().await;
            }
        })
        .await;
        let url = mailgun.url().replace("http://", "https://");
        let receipt = proxy(&authority, &url, &sendgrid).await.client.send(&mails::plain()).await.expect(200);
        assert_eq!(receipt.attempts(), ["mg:unavailable", "sg:accepted"], "{shown}: {receipt}");
        assert_eq!(receipt.reasons()[0], "tls", "{shown}: {receipt}");
        let read = mailgun.received();
        for secret in ["POST", "example.net", "mailgun-account-key"] {
            assert!(!read.contains(secret), "{shown}: {secret} in {read:?}");
        }
        sendgrid.only_mail();
    }
}
