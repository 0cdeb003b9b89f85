//! One hostile provider first, a good one behind it, and a caller who looks at the clock.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::behaviours::Behaviour;
use super::status::Status;
use crate::harness::lag::Lag;
use crate::harness::{Answer, Proxy, RawProvider, Settings, StubProvider, mails};

const DEADLINE: Duration = Duration::from_millis(800);
const GRACE: Duration = Duration::from_millis(200);
/// Much more than a provider reads that stops at once; little enough that reading it takes no time worth counting.
const LARGE: usize = 1 << 20;

pub(super) struct Fixture {
    status: Status,
    pub(super) hostile: RawProvider,
    good: StubProvider,
    pub(super) proxy: Proxy,
    mail: Value,
}

impl Fixture {
    pub(super) async fn new(status: Status, behaviour: Behaviour) -> Self {
        let hostile = RawProvider::start(move |conversation| behaviour(conversation, status)).await;
        let (good, settings) = match status {
            Status::Mailgun => {
                let good = StubProvider::sendgrid().await;
                let settings = Settings::mailgun_then_sendgrid(&hostile.url(), &good.url());
                (good, settings)
            }
            Status::SendGrid => {
                let good = StubProvider::mailgun().await;
                let settings = Settings::sendgrid_then_mailgun(&hostile.url(), &good.url());
                (good, settings)
            }
        };
        let deadline = format!("{}ms", DEADLINE.as_millis());
        let settings = settings.with("SMSP_REQUEST_DEADLINE", &deadline).with("SMSP_CONNECT_TIMEOUT", "200ms");
        let settings = settings.with("SMSP_CIRCUIT_CONSECUTIVE_FAILURES", "100");
        Self { status, hostile, good, proxy: Proxy::start(settings).await, mail: mails::plain() }
    }

    /// With a mail that is long on its way.
    pub(super) fn large(self) -> Self {
        Self { mail: mails::but("text", json!("x".repeat(LARGE))), ..self }
    }

    /// The answer to one mail, which comes in time.
    pub(super) async fn answer(&self) -> Answer {
        let (lag, started) = (Lag::measure(), Instant::now());
        let answer = self.proxy.client.send(&self.mail).await;
        let (took, bar) = (started.elapsed(), DEADLINE + GRACE + lag.allowance());
        assert!(took <= bar, "{:?}: {took:?}, at most {bar:?}: {answer}", self.status);
        answer
    }

    pub(super) async fn is_unknown(&self) {
        let answer = self.answer().await.expect_problem(504, "unknown", false);
        assert_eq!(answer.attempts().len(), 1, "{answer}");
        assert_eq!(self.good.connections(), 0, "{:?}: another provider got it too: {answer}", self.status);
        assert_eq!(self.hostile.connections(), 1, "{:?}: tried again: {answer}", self.status);
    }

    /// Where the end of the mail was not given yet, nobody has it: how much of it our buffers have taken is chance.
    pub(super) async fn is_unknown_or_goes_elsewhere(&self) {
        let answer = self.answer().await;
        assert_eq!(self.hostile.connections(), 1, "{:?}: tried again: {answer}", self.status);
        match answer.status {
            200 => assert_eq!((answer.attempts().len(), answer.reasons()[0]), (2, "still_sending"), "{answer}"),
            _ => assert_eq!((answer.status, self.good.connections()), (504, 0), "{answer}"),
        }
    }

    pub(super) async fn is_accepted(&self) {
        let answer = self.answer().await.expect(200);
        assert_eq!(answer.attempts().len(), 1, "{answer}");
        assert_eq!(self.good.connections(), 0, "{:?}: another provider got it too: {answer}", self.status);
    }
}
