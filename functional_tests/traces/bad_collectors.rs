//! Collectors that are dead, slow or lie: no mail fails, what is lost is counted, and the end is bounded.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::collector::{Answers, Collector};
use super::to;
use crate::harness::wait::{PATIENCE, eventually_within, when};
use crate::harness::{Proxy, RefusingPort, Settings, mails};

const MAILS: u64 = 20;
/// The request, and its attempt.
const SPANS: u64 = 2 * MAILS;
/// Five tries, with waits that double from about a second.
const GIVEN_UP: Duration = Duration::from_secs(60);
/// What a node may take for its last spans, and some more on a busy machine.
const LAST_SPANS: Duration = Duration::from_secs(6);

/// Sends mails, and says how many spans are dropped, once there are so many.
async fn dropped(settings: Settings, at_least: u64) -> (u64, Proxy) {
    let proxy = Proxy::start(settings).await;
    for _ in 0..MAILS {
        proxy.client.send(&mails::plain()).await.expect(200);
    }
    let count = async || proxy.client.metrics().await.count("smsp_spans_dropped_total", &[]);
    let count = eventually_within(GIVEN_UP, "spans are dropped", async || {
        let count = count().await;
        when(count >= at_least, || format!("{count}\n{}", proxy.process.evidence())).map(|()| count)
    })
    .await;
    (count, proxy)
}

/// Ends the node, within the time that its last spans may take.
async fn end_in_time(proxy: Proxy) -> String {
    let start = Instant::now();
    proxy.terminate();
    let output = proxy.exit(PATIENCE).await;
    assert!(output.code == Some(0) && start.elapsed() < LAST_SPANS, "{:?}: {output:?}", start.elapsed());
    output.stdout
}

#[tokio::test]
async fn what_a_lying_collector_does_not_take_is_counted_and_no_mail_fails() {
    let lying = [Answers::Status(500), Answers::Status(400), Answers::Elsewhere, Answers::Nonsense, Answers::Endlessly];
    join_all(lying.into_iter().chain([Answers::Status(503)]).map(async |answers| {
        let collector = Collector::start(answers).await;
        let (count, proxy) = dropped(to(&collector, Settings::mock()), SPANS).await;
        assert_eq!(count, SPANS, "{answers:?}");
        let log = end_in_time(proxy).await;
        assert!(log.contains("the trace collector does not take spans"), "{answers:?}: {log}");
        assert!(!log.contains("canary"), "{log}");
        let heads = collector.requests();
        assert!(
            heads.iter().all(|(head, _)| head.starts_with("POST /v1/traces ")),
            "no redirect is followed: {heads:?}"
        );
    }))
    .await;
}

#[tokio::test]
async fn what_a_collector_says_that_it_has_rejected_is_counted() {
    for (rejecting, at_least) in [(1, 1), (u64::MAX, SPANS)] {
        let collector = Collector::start(Answers::Rejecting(rejecting)).await;
        let (_, proxy) = dropped(to(&collector, Settings::mock()), at_least).await;
        eventually_within(PATIENCE, "all spans are sent", async || {
            let spans = collector.bodies().matches("\"spanId\"").count() as u64;
            when(spans == SPANS, || spans.to_string())
        })
        .await;
        let requests = collector.requests().len() as u64;
        let expected = if rejecting == 1 { requests } else { SPANS };
        eventually_within(PATIENCE, "the last answer is counted", async || {
            let count = proxy.client.metrics().await.count("smsp_spans_dropped_total", &[]);
            when(count == expected, || format!("{count} of {expected}"))
        })
        .await;
        let log = end_in_time(proxy).await;
        let said: Vec<_> = log.lines().filter(|line| line.contains("the trace collector")).collect();
        let [line] = said[..] else { panic!("said once, and nothing else: {said:#?}") };
        assert!(line.contains("does not take spans") && line.contains("rejected"), "{line}");
    }
}

#[tokio::test]
async fn a_collector_that_rejects_after_a_fault_is_not_said_to_take_spans_again_before_it_does() {
    let collector = Collector::start(Answers::Status(500)).await;
    let (_, proxy) = dropped(to(&collector, Settings::mock()), SPANS).await;
    for (answers, expected) in [
        (Answers::Rejecting(1), &["http_500", "rejected"][..]),
        (Answers::Well, &["http_500", "rejected", "again"]),
        (Answers::Rejecting(u64::MAX), &["http_500", "rejected", "again", "rejected"]),
    ] {
        collector.answers(answers);
        // Twice: the second batch changes nothing.
        for _ in 0..2 {
            let before = collector.requests().len();
            proxy.client.send(&mails::plain()).await.expect(200);
            eventually_within(PATIENCE, "a batch is sent", async || {
                let after = collector.requests().len();
                when(after > before, || format!("{after}"))
            })
            .await;
        }
        eventually_within(PATIENCE, "the log says so", async || {
            let said = said_of_collector(&proxy);
            when(said == expected, || format!("{said:?}, not {expected:?}"))
        })
        .await;
    }
    end_in_time(proxy).await;
}

/// What the log says of the collector: why it does not take spans, or that it does again.
fn said_of_collector(proxy: &Proxy) -> Vec<String> {
    let lines = proxy.logs().into_iter().filter_map(|line| {
        let message = line["message"].as_str()?;
        let again = (message == "the trace collector takes spans again").then_some("again");
        let why = message.contains("does not take spans").then(|| line["reason"].as_str()).flatten();
        again.or(why).map(str::to_owned)
    });
    lines.collect()
}

#[tokio::test]
async fn a_dead_collector_and_a_silent_one_cost_no_mail_and_a_bounded_time_at_the_end() {
    let refusing = RefusingPort::reserve();
    let dead = Settings::mock().with("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("{}/canary", refusing.url()));
    let silent = Collector::start(Answers::Never).await;
    for (settings, said) in [
        (dead, "the trace collector does not take spans"),
        (to(&silent, Settings::mock()), "the trace collector has not taken the last spans in time"),
    ] {
        let (_, proxy) = dropped(settings, 0).await;
        let log = end_in_time(proxy).await;
        let line = log.lines().find(|line| line.contains(said)).unwrap_or_else(|| panic!("{said}: {log}"));
        assert!(line.contains("\"host\":\"127.0.0.1:") && !line.contains("canary"), "{line}");
        assert!(!said.contains("does not take spans") || line.contains("\"reason\":\"connect\""), "{line}");
    }
    assert_eq!(silent.requests().len(), 1, "it was asked once");
}
