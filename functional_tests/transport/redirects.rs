//! P-redir: mail goes to the configured provider and nowhere else, whatever the provider or the environment says.

use serde_json::json;

use crate::harness::{Authority, Proxy, Reply, Settings, StubProvider, TlsListener, mails};

#[tokio::test]
async fn no_redirect_is_followed() {
    let (unavailable, unknown) = (["mg:unavailable", "sg:accepted"], ["mg:unknown"]);
    for (status, attempts) in
        [(301, &unavailable[..]), (302, &unavailable), (303, &unknown), (307, &unavailable), (308, &unavailable)]
    {
        let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
        let elsewhere = StubProvider::mailgun().await;
        mailgun.does(Reply::new(status, "").with("location", &elsewhere.url()).into());
        let proxy = Proxy::before_both(&mailgun, &sendgrid).await;
        proxy.client.send(&mails::plain()).await.expect_attempts(attempts);
        mailgun.only_mail();
        assert_eq!(elsewhere.connections(), 0, "{status} was followed");
    }
}

#[tokio::test]
async fn no_proxy_of_the_environment_is_used() {
    let authority = Authority::new();
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let elsewhere = StubProvider::mailgun().await;
    let listener = TlsListener::open(authority.vouches_for("127.0.0.1"), mailgun.address()).await;
    let settings = Settings::mailgun_then_sendgrid(&listener.url(), &sendgrid.url());
    let mut settings = settings.with("SSL_CERT_FILE", &authority.path());
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        settings = settings.with(name, &elsewhere.url()).with(&name.to_ascii_uppercase(), &elsewhere.url());
    }
    let proxy = Proxy::start(settings).await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
    proxy.client.order("mg", &json!({"override": "open"})).await.expect(200);
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
    assert_eq!(elsewhere.connections(), 0, "the environment's proxy was asked");
}
