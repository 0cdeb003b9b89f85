//! One deadline covers all attempts: the second gets what is left, and the answer is never late.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::harness::{Answer, Behaviour, Client, Proxy, Reply, Settings, StubProvider, mails};

const DEADLINE: Duration = Duration::from_secs(4);
/// How late an answer may be on a machine that is never late itself.
const GRACE: Duration = Duration::from_millis(200);

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Sends, and says how long that took and how late this machine was at most meanwhile: a short pause and a health check,
/// which has no work to do, again and again.
async fn timed(client: &Client) -> (Answer, Duration, Duration) {
    const PAUSE: Duration = Duration::from_millis(5);
    let (mail, start) = (mails::plain(), Instant::now());
    let send = async { (client.send(&mail).await, start.elapsed()) };
    tokio::pin!(send);
    let mut lag = Duration::ZERO;
    loop {
        let check = Instant::now();
        let pause = async {
            sleep(PAUSE).await;
            client.healthcheck().await.expect(200);
        };
        tokio::select! {
            (answer, took) = &mut send => return (answer, took, lag.max(check.elapsed().saturating_sub(PAUSE))),
            () = pause => lag = lag.max(check.elapsed().saturating_sub(PAUSE)),
        }
    }
}

/// As [`timed`], and the answer is in time. A send during which the machine itself was late shows nothing, so there is
/// another one; the last one counts, for it may be the proxy that is always late. Going and coming are late too.
async fn in_time(proxy: &Proxy) -> (Answer, Duration) {
    let mut sends = 1;
    loop {
        let (answer, took, lag) = timed(&proxy.client).await;
        if lag <= GRACE || sends == 5 {
            assert!(took <= DEADLINE + GRACE + 2 * lag, "after {took:?}, with a lag of {lag:?}: {answer}");
            return (answer, lag);
        }
        sends += 1;
    }
}

fn durations(answer: &Answer) -> Vec<Duration> {
    let attempts = answer.at("/attempts").as_array().into_iter().flatten();
    attempts.map(|attempt| millis(attempt["duration_ms"].as_u64().unwrap_or(u64::MAX))).collect()
}

/// Mailgun, SendGrid, and a deadline of four seconds: far apart, because a busy machine is late.
async fn node(mailgun: &StubProvider, sendgrid: &StubProvider, own: &[(&str, &str)]) -> Proxy {
    let settings = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url()).patient_circuits();
    let settings = settings.with("SMSP_REQUEST_DEADLINE", "4s").with("SMSP_CONNECT_TIMEOUT", "500ms");
    Proxy::start(own.iter().fold(settings, |all, (name, value)| all.with(name, value))).await
}

#[tokio::test]
async fn the_second_attempt_gets_only_what_the_first_has_left() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Behaviour::Stall);
    sendgrid.does(Behaviour::Stall);
    let always = [("SMSP_FAILOVER", "always"), ("SMSP_ATTEMPT_TIMEOUT", "2400ms")];
    let proxy = node(&mailgun, &sendgrid, &always).await;
    let (answer, lag) = in_time(&proxy).await;
    let answer = answer.expect_problem(504, "unknown", false).expect_attempts(&["mg:unknown", "sg:unknown"]);
    let took = durations(&answer);
    assert!((millis(2400)..=millis(2400) + GRACE + lag).contains(&took[0]), "{lag:?} {answer}");
    assert!(
        ((millis(1600) - GRACE).saturating_sub(lag)..=millis(1600) + GRACE + lag).contains(&took[1]),
        "{lag:?} {answer}"
    );
    assert_eq!(
        (answer.at("/attempts/0/reason"), answer.at("/attempts/1/reason")),
        (&"timeout".into(), &"timeout".into())
    );
}

#[tokio::test]
async fn a_late_refusal_leaves_the_next_attempt_what_is_left() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Behaviour::AnswerAfter(millis(2000), Reply::mailgun_refuses(418, "teapot")));
    sendgrid.does(Behaviour::Stall);
    let proxy = node(&mailgun, &sendgrid, &[]).await;
    let (answer, lag) = in_time(&proxy).await;
    let answer = answer.expect_problem(504, "unknown", false).expect_attempts(&["mg:unlisted", "sg:unknown"]);
    assert!(durations(&answer)[1] <= millis(2000) + GRACE + lag, "{lag:?} {answer}");
    sendgrid.does(Reply::sendgrid_accepts().into());
    let (answer, _) = in_time(&proxy).await;
    answer.expect(200).expect_attempts(&["mg:unlisted", "sg:accepted"]);
}

#[tokio::test]
async fn endless_provider_answer_is_cut_at_the_request_deadline() {
    let mailgun = StubProvider::mailgun().await;
    mailgun.does(Reply::mailgun_accepts().unfinished().into());
    let proxy = node(&mailgun, &StubProvider::sendgrid().await, &[("SMSP_PROVIDERS", "mg")]).await;
    let (answer, _) = in_time(&proxy).await;
    answer.expect_problem(504, "unknown", false).expect_attempts(&["mg:unknown"]);
}

#[track_caller]
fn was_given_up(answer: &Answer, place: usize, upstream: &str) {
    let attempt = answer.at(&format!("/attempts/{place}"));
    let expected: Value =
        serde_json::json!({"provider": upstream, "outcome": "cancelled", "reason": "deadline", "duration_ms": 0});
    assert_eq!(attempt, &expected, "{answer}");
}

#[tokio::test]
async fn no_time_left_after_a_refusal_is_503_none() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Behaviour::AnswerAfter(millis(2600), Reply::mailgun_refuses(418, "teapot")));
    let proxy = node(&mailgun, &sendgrid, &[("SMSP_CONNECT_TIMEOUT", "800ms")]).await;
    let (answer, _) = in_time(&proxy).await;
    let answer = answer.expect_problem(503, "none", true).expect_attempts(&["mg:unlisted", "sg:cancelled"]);
    was_given_up(&answer, 1, "sg");
    assert!((1..=60).contains(&answer.retry_after()), "{answer}");
    assert_eq!(sendgrid.connections(), 0, "{answer}");
    let metrics = proxy.client.metrics().await;
    assert_eq!(metrics.count("smsp_attempts_total", &[("upstream", "sg")]), 0, "no hand-over: {}", metrics.page);
    assert_eq!(proxy.client.circuit("sg").await["window"], serde_json::json!({"ok": 0, "failed": 0, "slow": 0}));
}

#[tokio::test]
async fn no_time_left_after_an_unknown_is_504_unknown() {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    mailgun.does(Behaviour::Stall);
    let own = [("SMSP_FAILOVER", "always"), ("SMSP_ATTEMPT_TIMEOUT", "3500ms")];
    let proxy = node(&mailgun, &sendgrid, &own).await;
    let (answer, _) = in_time(&proxy).await;
    let answer = answer.expect_problem(504, "unknown", false).expect_attempts(&["mg:unknown", "sg:cancelled"]);
    was_given_up(&answer, 1, "sg");
    assert_eq!(sendgrid.connections(), 0, "{answer}");
}

#[tokio::test]
async fn no_attempt_starts_after_the_request_deadline() {
    let [a, b, c, d] = [
        StubProvider::sendgrid().await,
        StubProvider::sendgrid().await,
        StubProvider::sendgrid().await,
        StubProvider::sendgrid().await,
    ];
    for stub in [&a, &b] {
        stub.does(Behaviour::AnswerAfter(millis(1200), Reply::sendgrid_refuses(418, "teapot")));
    }
    let settings = Settings::accounts(&[("a", &a.url()), ("b", &b.url()), ("c", &c.url()), ("d", &d.url())]);
    let settings =
        settings.with("SMSP_REQUEST_DEADLINE", "4s").with("SMSP_CONNECT_TIMEOUT", "900ms").patient_circuits();
    let proxy = Proxy::start(settings).await;
    let (answer, _) = in_time(&proxy).await;
    let answer = answer.expect_problem(503, "none", true);
    assert_eq!(answer.attempts(), ["a:unlisted", "b:unlisted", "c:cancelled"], "{answer}");
    assert_eq!((c.connections(), d.connections()), (0, 0), "{answer}");
}
