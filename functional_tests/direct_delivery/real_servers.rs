//! Mail servers of others as the recipients' own: Postfix, Postfix behind postgrey, and `OpenSMTPD`.

use rcgen::{CertificateParams, KeyPair};

use super::fixture::{alone, queued, tells, told};
use crate::harness::database::Database;
use crate::harness::greylister::Greylister;
use crate::harness::opensmtpd::OpenSmtpd;
use crate::harness::outbox::{becomes, hand_overs, id, queue};
use crate::harness::postfix::Postfix;
use crate::harness::{Proxy, Settings};

const TAKEN: &str = "delivered smtp_250 2.0.0";

/// A node for which these domains are at this port of loopback.
fn at(database: &Database, port: &str) -> Settings {
    alone(database)
        .with("SMSP_MX_STATIC", "example.net:127.0.0.1;elsewhere.example:127.0.0.1")
        .with("SMSP_MX_PORT", port)
        .with("SMSP_OUTBOX_RETRY", "1500ms")
        .with("SMSP_MAX_RECIPIENTS", "150")
}

/// Key and certificate of a server of this name.
fn certificate(host: &str) -> String {
    let key = KeyPair::generate().expect("a key can be made");
    let params = CertificateParams::new([host.to_owned()]).expect("a name of a test is one");
    key.serialize_pem() + &params.self_signed(&key).expect("a key signs itself").pem()
}

#[tokio::test]
async fn postfix_takes_mail_under_verified_tls_and_its_refusals_are_told_by_recipient() {
    let (certificate, database) = (certificate("127.0.0.1"), Database::sqlite());
    let tls = "smtpd_tls_security_level = encrypt\nsmtpd_tls_chain_files = {dir}/etc/tls.pem\nsmtpd_tls_received_header = yes\n";
    let Some(postfix) = Postfix::start(tls, &[("tls.pem", &certificate)]).await else { return };
    let trusted = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    std::fs::write(&trusted, &certificate).expect("a temporary file can be written");
    let settings = at(&database, &postfix.port).with("SMSP_MX_TLS", "verified");
    let proxy = Proxy::start(settings.with("SSL_CERT_FILE", &trusted.path().display().to_string())).await;
    let to = ["receiver@example.net", "nobody@example.net", "x@elsewhere.example"];
    let mail = queued(&proxy, "Gr\u{fc}\u{df}e", &to).await;
    let refused = ["refused smtp_550 5.1.1", "refused smtp_554 5.7.1"];
    tells(&proxy, &mail, &[TAKEN, refused[0], refused[1]]).await;
    let kept = postfix.keeps(1).await.remove(0);
    for line in ["Return-Path: <sender@example.com>", "Delivered-To: receiver@example.net", "with ESMTPS id"] {
        assert!(kept.contains(line), "{line}: {kept}");
    }
    let mut large = super::fixture::mail("large", &to[..1]);
    large["text"] = "x".repeat(30_000).into();
    let large = id(&queue(&proxy.client, &large).await.expect(202));
    tells(&proxy, &large, &["refused size 5.3.4"]).await;
}

#[tokio::test]
async fn postfix_that_takes_a_hundred_recipients_at_a_time_gets_the_mail_once_for_each() {
    let database = Database::sqlite();
    let Some(postfix) = Postfix::start("", &[]).await else { return };
    let proxy = Proxy::start(at(&database, &postfix.port)).await;
    let to: Vec<_> = (0..150).map(|number| format!("r{number}@example.net")).collect();
    let mail = queued(&proxy, "many", &to.iter().map(String::as_str).collect::<Vec<_>>()).await;
    becomes(&proxy.client, &mail, "accepted").await;
    let kept = postfix.keeps(150).await;
    let line = |file: &String| file.lines().find_map(|line| line.strip_prefix("Delivered-To: ")).map(str::to_owned);
    let recipients: std::collections::BTreeSet<_> = kept.iter().filter_map(line).collect();
    assert_eq!(recipients, to.into_iter().collect());
    // The first one asked whether it listens.
    assert_eq!(postfix.log().matches(": connect from").count(), 2, "{}", postfix.log());
}

#[tokio::test]
async fn mail_that_postgrey_puts_off_is_taken_at_the_second_attempt_and_the_next_one_at_once() {
    let database = Database::sqlite();
    let Some(greylister) = Greylister::start().await else { return };
    let Some(postfix) = Postfix::start(&greylister.settings(), &[]).await else { return };
    let proxy = Proxy::start(at(&database, &postfix.port)).await;
    for (subject, expected) in [("first", &["mx:deferred", "mx:accepted"][..]), ("second", &["mx:accepted"])] {
        let mail = queued(&proxy, subject, &["receiver@example.net"]).await;
        let mail = becomes(&proxy.client, &mail, "accepted").await;
        assert_eq!(hand_overs(&mail), expected, "{mail}\n{}", greylister.process.evidence());
    }
    let seen = postfix.keeps(2).await;
    assert!(seen.iter().any(|file| file.contains("X-Greylist: delayed")), "{seen:#?}");
    assert_eq!(postfix.log().matches("450 4.2.0").count(), 1, "{}", postfix.log());
}

#[tokio::test]
async fn opensmtpd_takes_mail_and_its_refusals_are_told_by_recipient() {
    let database = Database::sqlite();
    let Some(server) = OpenSmtpd::start().await else { return };
    let proxy = Proxy::start(at(&database, &server.port)).await;
    let to = ["receiver@example.net", "gone@example.net", "x@elsewhere.example"];
    let mail = queued(&proxy, "hello", &to).await;
    let mail = tells(&proxy, &mail, &[TAKEN, "refused smtp_550 -", "refused smtp_550 -"]).await;
    assert_eq!(told(&mail).len(), 3);
    let kept = server.keeps(1).await.remove(0);
    for line in ["Subject: hello", "Return-Path: <sender@example.com>", "from mail.example.org"] {
        assert!(kept.contains(line), "{line}: {kept}");
    }
}
