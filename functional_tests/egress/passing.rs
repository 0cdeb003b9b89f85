//! What goes through: TLS end to end, HTTP/2, calls in absolute form, credentials, probes.

use super::{HOST, Mailgun, named, plain};
use crate::harness::egress_proxy::{Does, EgressProxy};
use crate::harness::http2_provider::{self, Answer};
use crate::harness::name_server::{NameServer, Says};
use crate::harness::wait::PATIENCE;
use crate::harness::{Authority, Moto, Process, Proxy, Settings, StubProvider, TlsListener, mails, moto, run};

#[tokio::test]
async fn mail_over_https_goes_through_one_tunnel_and_only_the_provider_reads_it() {
    let (mailgun, outside) = (Mailgun::start().await, EgressProxy::start(Does::PassesOn).await);
    let proxy = Proxy::start(mailgun.settings(&outside.url())).await;
    for _ in 0..2 {
        proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
    }
    assert_eq!(mailgun.stub.connections(), 1, "nothing came but through the tunnel");
    let port = mailgun.listener.address().port();
    let heads = outside.heads();
    let expected = format!("CONNECT {HOST}:{port} HTTP/1.1\r\nHost: {HOST}:{port}\r\n");
    assert!(heads.len() == 1 && heads[0].starts_with(&expected), "{heads:?}");
    assert!(!heads[0].to_ascii_lowercase().contains("authorization"), "{heads:?}");
    assert!(mailgun.stub.mails().iter().all(|mail| mail.target.starts_with("POST /v3/")), "{:?}", mailgun.stub.mails());
}

#[tokio::test]
async fn a_certificate_of_another_host_proves_nothing_through_a_tunnel_either() {
    let (mut mailgun, outside) = (Mailgun::start().await, EgressProxy::start(Does::PassesOn).await);
    mailgun.listener = TlsListener::open(mailgun.authority.vouches_for("127.0.0.1"), mailgun.stub.address()).await;
    let proxy = Proxy::start(mailgun.settings(&outside.url())).await;
    let refused = proxy.client.send(&mails::plain()).await;
    assert_eq!((refused.json["delivery"].as_str(), refused.reasons()), (Some("none"), vec!["tls"]), "{refused}");
    assert_eq!(mailgun.stub.connections(), 0, "something came through");
}

#[tokio::test]
async fn http_2_is_agreed_on_through_a_tunnel() {
    let (authority, sendgrid) = (Authority::new(), http2_provider::start(Answer::Accepts).await);
    let mut config = authority.vouches_for(HOST);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let listener = TlsListener::open(config, sendgrid.address()).await;
    let outside = EgressProxy::start(Does::PassesOn).await;
    let settings = Settings::server().sendgrid(&named("https", listener.address().port()));
    let settings = settings.with("SSL_CERT_FILE", &authority.path()).with("SMSP_EGRESS_PROXY", &outside.url());
    let proxy = Proxy::start(settings).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
    assert_eq!(outside.requests().len(), 1, "{:?}", outside.requests());
}

#[tokio::test]
async fn mail_over_http_is_handed_to_the_proxy_in_absolute_form() {
    let (mailgun, outside) = (StubProvider::mailgun().await, EgressProxy::start(Does::PassesOn).await);
    let port = mailgun.address().port();
    let proxy = Proxy::start(plain(&outside, port)).await;
    for _ in 0..2 {
        proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
    }
    let heads = outside.heads();
    assert_eq!((heads.len(), mailgun.mails().len()), (2, 2), "{heads:?}");
    for head in heads {
        let head = head.to_ascii_lowercase();
        assert!(head.starts_with(&format!("post http://{HOST}:{port}/v3/")), "{head}");
        assert!(head.contains(&format!("\r\nhost: {HOST}:{port}\r\n")), "{head}");
    }
}

#[tokio::test]
async fn provider_names_are_resolved_by_the_proxy_only() {
    let Some(names) = NameServer::start(Says::NoSuchName).await else { return };
    let (mailgun, outside) = (Mailgun::start().await, EgressProxy::start(Does::PassesOn).await);
    let settings = mailgun.settings(&outside.url());
    let proxy = Proxy::of(Process::start(names.asked_by(&settings)), &settings).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
    assert_eq!(names.queries(), 0);
}

#[tokio::test]
async fn proxy_credentials_go_to_the_proxy_only() {
    let outside = EgressProxy::start(Does::PassesOn).await;
    let url = format!("http://user:p%40ss%3Aw%C3%B6rd@{}", outside.address());
    let tunnelled = Mailgun::start().await;
    let stub = StubProvider::mailgun().await;
    let direct = plain(&outside, stub.address().port()).with("SMSP_EGRESS_PROXY", &url);
    for (settings, stub) in [(tunnelled.settings(&url), &tunnelled.stub), (direct, &stub)] {
        let proxy = Proxy::start(settings.with("SMSP_LOG_OUTPUT_DEBUG", "true")).await;
        proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
        assert_eq!(stub.only_mail().header("proxy-authorization"), None);
        proxy.terminate();
        let log = proxy.exit(PATIENCE).await.stdout;
        for secret in ["p%40ss", "p@ss", "dXNlcjpwQHNz"] {
            assert!(log.contains("accepted") && !log.contains(secret), "{log}");
        }
    }
    let heads = outside.heads();
    assert_eq!(heads.len(), 2, "{heads:?}");
    let basic = "\r\nproxy-authorization: Basic dXNlcjpwQHNzOnfDtnJk\r\n";
    assert!(heads.iter().all(|head| head.contains(basic)), "{heads:?}");
}

#[tokio::test]
async fn probe_uses_the_egress_proxy_and_shows_its_refusal() {
    let (mailgun, outside) = (Mailgun::start().await, EgressProxy::start(Does::PassesOn).await);
    let output = run(&["probe"], &mailgun.settings(&outside.url())).await;
    assert_eq!((output.code, mailgun.stub.probes().len()), (Some(0), 1), "{output:?}");
    assert_eq!(outside.requests().len(), 1, "{:?}", outside.requests());
    let refusing = EgressProxy::start(Does::Answers(407)).await;
    let output = run(&["probe", "--show-answer"], &mailgun.settings(&refusing.url())).await;
    assert!(output.stdout.contains("mg: unavailable (connect)"), "{output:?}");
    assert!(output.stdout.contains("proxy authorization required"), "{output:?}");
}

/// The host is signed, and the target that the provider gets, not the one that the proxy is asked for.
#[tokio::test]
async fn moto_accepts_our_signature_behind_a_proxy() {
    let Some(moto) = Moto::start("example.com").await else { return };
    let outside = EgressProxy::start(Does::PassesOn).await;
    let settings = Settings::server()
        .ses(&moto.url())
        .without("SMSP_SES_SESSION_TOKEN")
        .with("SMSP_SES_REGION", moto::REGION)
        .with("SMSP_SES_ACCESS_KEY_ID", &moto.access_key_id)
        .with("SMSP_SES_SECRET_ACCESS_KEY", &moto.secret_access_key)
        .with("SMSP_EGRESS_PROXY", &outside.url());
    let receipt = Proxy::start(settings).await.client.send(&mails::plain()).await.expect(200);
    assert_eq!((receipt.attempts(), outside.requests().len()), (vec!["ses:accepted".to_owned()], 1), "{receipt}");
}
