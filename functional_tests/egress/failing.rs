//! What does not go through: nobody has the mail, unless the proxy may have passed it on.

use tempfile::tempdir;

use super::{Mailgun, plain, then_maildir};
use crate::harness::egress_proxy::{Does, EgressProxy};
use crate::harness::{Behaviour, Proxy, RefusingPort, Settings, StubProvider, mails};

/// After this outcome the mail goes on to a Maildir, and nobody else has it.
async fn goes_on(settings: Settings, outcome: &str, reason: &str, stub: &StubProvider) {
    let folder = tempdir().expect("a temporary folder");
    let settings = then_maildir(settings, folder.path()).with("SMSP_CONNECT_TIMEOUT", "300ms");
    let receipt = Proxy::start(settings).await.client.send(&mails::plain()).await.expect(200);
    assert_eq!(receipt.attempts(), [&format!("mg:{outcome}"), "maildir:accepted"], "{receipt}");
    assert_eq!(receipt.reasons()[0], reason, "{receipt}");
    assert_eq!(stub.connections(), 0, "something came past the proxy");
}

#[tokio::test]
async fn a_proxy_that_makes_no_tunnel_has_no_mail_and_the_next_upstream_gets_it() {
    let mailgun = Mailgun::start().await;
    for does in [403, 407, 429, 500, 502, 503, 504].map(Does::Answers).into_iter().chain([Does::IsSilent, Does::Closes])
    {
        let outside = EgressProxy::start(does).await;
        goes_on(mailgun.settings(&outside.url()), "unavailable", "connect", &mailgun.stub).await;
        assert_eq!(outside.requests().len(), 1, "{does:?}: {:?}", outside.requests());
    }
}

#[tokio::test]
async fn a_proxy_that_is_down_or_has_no_address_has_no_mail() {
    let (tunnelled, stub, down) = (Mailgun::start().await, StubProvider::mailgun().await, RefusingPort::reserve());
    let direct = Settings::server().mailgun(&stub.url());
    for (url, reason) in [(down.url(), "connect"), ("http://proxy.smsp.invalid:3128".to_owned(), "dns")] {
        goes_on(tunnelled.settings(&url), "unavailable", reason, &tunnelled.stub).await;
        goes_on(direct.clone().with("SMSP_EGRESS_PROXY", &url), "unavailable", reason, &stub).await;
    }
}

/// In absolute form the answer is the proxy's or the provider's, and nothing tells which; but a 407 is a proxy's.
#[tokio::test]
async fn an_answer_to_a_call_in_absolute_form_proves_what_it_would_prove_of_a_provider() {
    let stub = StubProvider::mailgun().await;
    let port = stub.address().port();
    let outside = EgressProxy::start(Does::Answers(407)).await;
    goes_on(plain(&outside, port), "unclassified", "http_407", &stub).await;
    for status in [502, 503, 504] {
        let outside = EgressProxy::start(Does::Answers(status)).await;
        let answer = Proxy::start(plain(&outside, port)).await.client.send(&mails::plain()).await;
        let answer = answer.expect_problem(504, "unknown", false);
        assert_eq!(answer.reasons(), [format!("http_{status}")], "{answer}");
    }
    assert_eq!(stub.connections(), 0, "something came past the proxy");
}

#[tokio::test]
async fn mail_that_a_proxy_may_have_passed_on_before_it_broke_is_unknown() {
    let (tunnelled, stub) = (Mailgun::start().await, StubProvider::mailgun().await);
    for is_tunnelled in [true, false] {
        let outside = EgressProxy::start(Does::PassesOn).await;
        let (settings, stub) = match is_tunnelled {
            true => (tunnelled.settings(&outside.url()), &tunnelled.stub),
            false => (plain(&outside, stub.address().port()), &stub),
        };
        stub.does(Behaviour::Stall);
        let proxy = Proxy::start(settings).await;
        let client = proxy.client.clone();
        let sending = tokio::spawn(async move { client.send(&mails::plain()).await });
        stub.receives_mails(1).await;
        drop(outside);
        let answer = sending.await.expect("the caller's task goes on").expect_problem(504, "unknown", false);
        assert_eq!(answer.reasons(), ["connection_lost"], "{answer}");
    }
}
