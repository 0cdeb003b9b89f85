//! HTTP/2 can say that a request was not processed, and only then does another provider get the mail.

use crate::harness::http2_provider::{self, Answer as Does, CANCEL, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM};
use crate::harness::{Answer, Authority, Proxy, RawProvider, Settings, StubProvider, TlsListener, mails};

/// SendGrid does this over HTTP/2, Mailgun is ready behind it; the answer, and how many mails Mailgun got.
async fn answer_when_sendgrid(does: Does) -> (Answer, usize) {
    let (answer, elsewhere, state) = answer_and_circuit_when_sendgrid(does).await;
    assert_eq!(state, "closed", "{does:?}: {answer}");
    (answer, elsewhere)
}

async fn answer_and_circuit_when_sendgrid(does: Does) -> (Answer, usize, String) {
    let (sendgrid, mailgun) = (Sendgrid::start(does).await, StubProvider::mailgun().await);
    let proxy = sendgrid.proxy(Settings::sendgrid_then_mailgun(&sendgrid.listener.url(), &mailgun.url())).await;
    let answer = proxy.client.send(&mails::plain()).await;
    let state = proxy.client.circuit("sg").await["state"].as_str().unwrap_or_default().to_owned();
    (answer, mailgun.mails().len(), state)
}

/// SendGrid over HTTP/2, behind a listener that agrees on that.
struct Sendgrid {
    authority: Authority,
    _provider: RawProvider,
    listener: TlsListener,
}

impl Sendgrid {
    async fn start(does: Does) -> Self {
        let authority = Authority::new();
        let provider = http2_provider::start(does).await;
        let mut config = authority.vouches_for("127.0.0.1");
        config.alpn_protocols = vec![b"h2".to_vec()];
        let listener = TlsListener::open(config, provider.address()).await;
        Self { authority, _provider: provider, listener }
    }

    async fn proxy(&self, settings: Settings) -> Proxy {
        Proxy::start(settings.with("SSL_CERT_FILE", &self.authority.path())).await
    }
}

/// A time-out would be called `timeout`: here our PING without an answer ends the connection, and the next mail has another.
#[tokio::test]
async fn a_connection_that_answers_no_ping_is_given_up_before_the_attempt_is() {
    let sendgrid = Sendgrid::start(Does::FallsSilentOnce).await;
    let settings = Settings::server().sendgrid(&sendgrid.listener.url());
    let settings = settings.with("SMSP_ATTEMPT_TIMEOUT", "40s").with("SMSP_REQUEST_DEADLINE", "50s");
    let proxy = sendgrid.proxy(settings).await;
    let lost = proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
    assert_eq!(lost.reasons(), ["connection_lost"], "{lost}");
    proxy.client.send(&mails::plain()).await.expect(200);
}

#[tokio::test]
async fn refused_stream_is_retried_once_and_does_not_count() {
    for does in [Does::RefusesOnce, Does::LeavesOnce] {
        let (answer, elsewhere, state) = answer_and_circuit_when_sendgrid(does).await;
        answer.expect(200).expect_attempts(&["sg:accepted"]);
        assert_eq!((elsewhere, state.as_str()), (0, "closed"), "{does:?}");
    }
}

#[tokio::test]
async fn a_provider_that_speaks_http_2_gets_the_mail() {
    let (answer, elsewhere) = answer_when_sendgrid(Does::Accepts).await;
    answer.expect(200).expect_attempts(&["sg:accepted"]);
    assert_eq!(elsewhere, 0);
}

#[tokio::test]
async fn a_stream_that_the_provider_did_not_process_goes_to_the_next_one() {
    for does in
        [Does::Resets(REFUSED_STREAM), Does::ResetsEarly(REFUSED_STREAM), Does::Leaves { code: NO_ERROR, last: 0 }]
    {
        let (answer, elsewhere) = answer_when_sendgrid(does).await;
        let answer = answer.expect(200).expect_attempts(&["sg:unavailable", "mg:accepted"]);
        assert_eq!((answer.reasons()[0], elsewhere), ("refused_stream", 1), "{does:?}: {answer}");
    }
}

#[tokio::test]
async fn connection_closed_before_the_request_fails_over() {
    let (answer, elsewhere) = answer_when_sendgrid(Does::LeavesAtOnce).await;
    let answer = answer.expect(200).expect_attempts(&["sg:unavailable", "mg:accepted"]);
    // Whether the request was on its way when the goodbye came is a matter of microseconds.
    assert!(["not_sent", "refused_stream"].contains(&answer.reasons()[0]), "{answer}");
    assert_eq!(elsewhere, 1);
}

#[tokio::test]
async fn a_stream_that_broke_in_any_other_way_may_have_been_taken() {
    for does in [
        Does::Resets(INTERNAL_ERROR),
        Does::Resets(CANCEL),
        Does::Resets(NO_ERROR),
        Does::ResetsEarly(INTERNAL_ERROR),
        Does::Leaves { code: NO_ERROR, last: 1 },
        Does::Leaves { code: INTERNAL_ERROR, last: 1 },
    ] {
        let (answer, elsewhere) = answer_when_sendgrid(does).await;
        let answer = answer.expect_problem(504, "unknown", false).expect_attempts(&["sg:unknown"]);
        assert_eq!((answer.reasons(), elsewhere), (vec!["connection_lost"], 0), "{does:?}: {answer}");
    }
}
