//! A provider that fails beside one that is ready: its circuit opens early, so that few callers hear `unknown`.

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{Behaviour, Proxy, Reply, Settings, StubProvider, mails};

/// Mailgun and SendGrid, with these settings beside the defaults.
struct Pair {
    mailgun: StubProvider,
    _sendgrid: StubProvider,
    proxy: Proxy,
}

impl Pair {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
        let both = Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url());
        let all = settings.iter().fold(both, |all, (name, value)| all.with(name, value));
        Self { mailgun, _sendgrid: sendgrid, proxy: Proxy::start(all).await }
    }

    /// Mailgun takes so many mails, and answers 500 from then on.
    async fn fails_after(&self, taken: u32) {
        for _ in 0..taken {
            self.proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["mg:accepted"]);
        }
        self.mailgun.answers(500, "");
    }

    /// Sends mails one after the other until one is taken or refused: how many ended as `unknown`.
    async fn unknown(&self) -> u32 {
        for mails in 0..100 {
            let answer = self.proxy.client.send(&mails::plain()).await;
            if answer.status != 504 {
                return mails;
            }
        }
        100
    }

    async fn reason(&self) -> serde_json::Value {
        self.proxy.client.circuit("mg").await["reason"].clone()
    }
}

#[tokio::test]
async fn a_provider_that_answers_500_costs_two_callers_an_unknown() {
    for taken in [0, 8] {
        let pair = Pair::new(&[]).await;
        pair.fails_after(taken).await;
        assert_eq!(pair.unknown().await, 2, "after {taken} mails that were taken");
        assert_eq!(pair.reason().await, "early_failures");
        let metrics = pair.proxy.client.metrics().await;
        let labels = [("upstream", "mg"), ("reason", "early_failures")];
        assert_eq!(metrics.count("smsp_circuit_transitions_total", &labels), 1, "{}", metrics.page);
    }
}

#[tokio::test]
async fn a_provider_that_answers_500_after_much_mail_costs_five_callers_an_unknown() {
    let pair = Pair::new(&[("SMSP_CIRCUIT_WINDOW", "10m")]).await;
    pair.fails_after(100).await;
    assert_eq!(pair.unknown().await, 5);
    assert_eq!(pair.reason().await, "consecutive_failures");
}

#[tokio::test]
async fn a_provider_that_answers_500_to_many_callers_at_once_costs_five_and_those_in_flight() {
    const CALLERS: usize = 8;
    let pair = Pair::new(&[]).await;
    pair.fails_after(40).await;
    let caller = async || {
        let mut unknown = 0;
        for _ in 0..20 {
            unknown += usize::from(pair.proxy.client.send(&mails::plain()).await.status == 504);
        }
        unknown
    };
    let unknown: usize = join_all((0..CALLERS).map(|_| caller())).await.iter().sum();
    assert!((1..5 + CALLERS).contains(&unknown), "{unknown} of {}", 20 * CALLERS);
}

#[tokio::test]
async fn zero_or_no_ready_neighbour_leaves_five_failures_in_a_row() {
    let off = Pair::new(&[("SMSP_MG_CIRCUIT_EARLY_FAILURES", "0")]).await;
    off.fails_after(0).await;
    assert_eq!(off.unknown().await, 5);
    let alone = Pair::new(&[]).await;
    alone.proxy.client.order("sg", &json!({"override": "open"})).await.expect(200);
    alone.fails_after(0).await;
    assert_eq!((alone.unknown().await, alone.reason().await), (5, json!("consecutive_failures")));
}

#[tokio::test]
async fn a_second_ask_of_one_mail_is_not_a_second_mail() {
    let (resend, sendgrid) = (StubProvider::sendgrid().await, StubProvider::sendgrid().await);
    resend.does(Behaviour::Close);
    let settings = Settings::server().resend(&resend.url()).sendgrid(&sendgrid.url());
    let proxy = Proxy::start(settings.with("SMSP_PROVIDERS", "rs,sg")).await;
    for (state, attempts) in [("closed", &["rs:unknown", "rs:unknown"][..]), ("open", &["rs:unknown"])] {
        let answer = proxy.client.send(&mails::plain()).await.expect_problem(504, "unknown", false);
        assert_eq!(answer.attempts(), attempts, "{answer}");
        assert_eq!(proxy.client.state("rs").await, state);
    }
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
}

#[tokio::test]
async fn every_second_mail_failing_opens_within_twenty_mails_though_the_window_holds_few() {
    // Three or four answers.
    let pair = Pair::new(&[("SMSP_CIRCUIT_WINDOW", "1s")]).await;
    let mut gap = tokio::time::interval(std::time::Duration::from_millis(300));
    for mail in 1..=20 {
        gap.tick().await;
        let fails = mail % 2 == 0;
        pair.mailgun.does(if fails { Reply::new(500, "") } else { Reply::mailgun_accepts() }.into());
        pair.proxy.client.send(&mails::plain()).await.expect(if fails { 504 } else { 200 });
    }
    assert_eq!(pair.reason().await, "failure_rate");
}
