//! P-dns: a name that cannot be looked up costs nobody a mail, opens its circuit, and holds up no other provider.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::harness::name_server::{NameServer, Says};
use crate::harness::{Process, Proxy, Reply, Settings, StubProvider, mails};

/// The stub's URL by a name.
fn named(stub: &StubProvider) -> String {
    format!("http://api.provider.example:{}", stub.address().port())
}

async fn is_invisible(says: Says) {
    let Some(names) = NameServer::start(says).await else { return };
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let settings = Settings::mailgun_then_sendgrid(&named(&mailgun), &sendgrid.url());
    let settings = settings.with("SMSP_CONNECT_TIMEOUT", "300ms").with("SMSP_CIRCUIT_CONSECUTIVE_FAILURES", "3");
    let settings = settings.with("SMSP_CIRCUIT_EARLY_FAILURES", "0");
    let proxy = Proxy::of(Process::start(names.asked_by(&settings)), &settings).await;
    for _ in 0..3 {
        let receipt = proxy.client.send(&mails::plain()).await.expect(200);
        assert_eq!(receipt.attempts(), ["mg:unavailable", "sg:accepted"], "{says:?}: {receipt}");
        assert_eq!(receipt.reasons()[0], "dns", "{says:?}: {receipt}");
    }
    assert!(names.queries() > 0, "nobody asked this name server");
    assert_eq!(proxy.client.state("mg").await, "open");
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
}

#[tokio::test]
async fn nonexistent_provider_name_fails_over() {
    is_invisible(Says::NoSuchName).await;
}

#[tokio::test]
async fn a_name_server_that_fails_fails_no_mail() {
    is_invisible(Says::ServerFailure).await;
}

#[tokio::test]
async fn a_name_server_that_is_silent_fails_no_mail() {
    is_invisible(Says::Nothing).await;
}

#[tokio::test]
async fn without_a_name_server_localhost_is_asked() {
    let Some(names) = NameServer::unnamed(Says::Address(Ipv4Addr::LOCALHOST)).await else { return };
    let mailgun = StubProvider::mailgun().await;
    let settings = Settings::server().mailgun(&named(&mailgun));
    let proxy = Proxy::of(Process::start(names.asked_by(&settings)), &settings).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
    assert!(names.queries() > 0, "nobody asked this name server");
}

#[tokio::test]
async fn changed_dns_answer_is_followed() {
    let Some(names) = NameServer::start(Says::Address(Ipv4Addr::LOCALHOST)).await else { return };
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    // Each mail needs a connection, and so a look-up, of its own.
    mailgun.does(Reply::mailgun_accepts().with("connection", "close").into());
    let settings = Settings::mailgun_then_sendgrid(&named(&mailgun), &sendgrid.url());
    let proxy = Proxy::of(Process::start(names.asked_by(&settings)), &settings).await;
    for (last, attempts, reason) in [
        (1, &["mg:accepted"][..], "http_200"),
        (77, &["mg:unavailable", "sg:accepted"], "connect"),
        (1, &["mg:accepted"], "http_200"),
    ] {
        names.says(Says::Address(Ipv4Addr::new(127, 0, 0, last)));
        let receipt = proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(attempts);
        assert_eq!(receipt.reasons()[0], reason, "{receipt}");
    }
}

/// More look-ups than tokio has blocking threads: in the system's resolver they would hold them all, and a Maildir's
/// files wait for one.
#[tokio::test]
async fn a_silent_name_server_holds_up_nothing_on_this_machine() {
    const MAILS: usize = 600;
    let Some(names) = NameServer::start(Says::Nothing).await else { return };
    let (mailgun, folder) = (StubProvider::mailgun().await, tempfile::tempdir().expect("a temporary folder"));
    let settings = Settings::maildir(folder.path()).mailgun(&named(&mailgun)).with("SMSP_PROVIDERS", "mg,maildir");
    let settings = settings.with("SMSP_CIRCUIT_CONSECUTIVE_FAILURES", "4095").with("SMSP_CIRCUIT_MIN_CALLS", "4000");
    let settings = settings.with("SMSP_CIRCUIT_EARLY_FAILURES", "0").with("SMSP_CONCURRENCY", &MAILS.to_string());
    let proxy = Proxy::of(Process::start(names.asked_by(&settings)), &settings).await;
    let started = Instant::now();
    let mut sending = JoinSet::new();
    for _ in 0..MAILS {
        let client = proxy.client.clone();
        sending.spawn(async move { client.send(&mails::plain()).await.expect(200) });
    }
    for receipt in sending.join_all().await {
        assert_eq!(receipt.attempts(), ["mg:unavailable", "maildir:accepted"], "{receipt}");
        assert_eq!(receipt.reasons()[0], "dns", "{receipt}");
    }
    // glibc would have held its threads for ten seconds.
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}
