//! Large mail on a slow uplink: whatever becomes of it, its provider is not to blame, and other mail goes on.

use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::harness::raw_provider::{Conversation, RawProvider};
use crate::harness::wait::{PATIENCE, when};
use crate::harness::{Proxy, Settings, eventually, mails};

const KIB: usize = 1024;
const PAUSE: Duration = Duration::from_millis(100);
const ACCEPTS: &str = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";

/// A SendGrid at the other end of a link that carries so many bytes in each pause; small mail comes through at once.
async fn behind_a_slow_link(bytes: usize) -> RawProvider {
    RawProvider::start(move |conversation| carry(conversation, bytes)).await
}

async fn carry(mut conversation: Conversation, bytes: usize) {
    let mut request = Vec::with_capacity(bytes);
    while conversation.read_at_most(bytes, &mut request).await > 0 {
        if let Some(rest) = behind_a_whole_request(&request) {
            request.drain(..rest);
            if !conversation.write(ACCEPTS).await {
                return;
            }
        }
        sleep(PAUSE).await;
    }
}

/// Where the next request begins.
fn behind_a_whole_request(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let length: usize = text.split_once("content-length: ")?.1.lines().next()?.parse().ok()?;
    (bytes.len() >= head + length).then_some(head + length)
}

fn large(size: usize) -> Value {
    mails::but("text", "x".repeat(size).into())
}

/// A circuit that a single failure opens.
async fn node(provider: &RawProvider, attempt: &str) -> Proxy {
    with_one_failure(Settings::server().sendgrid(&provider.url()), attempt).await
}

async fn with_one_failure(settings: Settings, attempt: &str) -> Proxy {
    let settings = settings.with("SMSP_CIRCUIT_CONSECUTIVE_FAILURES", "1");
    Proxy::start(settings.with("SMSP_ATTEMPT_TIMEOUT", attempt)).await
}

/// Five at once, as was measured; then one small mail.
async fn five_and_a_small_one(proxy: &Proxy, size: usize) -> Vec<(u16, String)> {
    let mut calls = JoinSet::new();
    for _ in 0..5 {
        let client = proxy.client.clone();
        calls.spawn(async move { client.send(&large(size)).await });
    }
    let answers = calls.join_all().await;
    proxy.client.send(&mails::plain()).await.expect(200).expect_attempts(&["sg:accepted"]);
    let circuit = proxy.client.circuit("sg").await;
    assert_eq!((&circuit["state"], &circuit["trips"]), (&"closed".into(), &0.into()), "{circuit}");
    answers.iter().map(|answer| (answer.status, answer.reasons().join(","))).collect()
}

#[tokio::test]
async fn a_large_mail_on_a_slow_link_has_time_beyond_the_small_ones() {
    // 640 KiB/s: 768 KiB take more than a second, of which a small mail has one and this one three more.
    let provider = behind_a_slow_link(64 * KIB).await;
    let answers = five_and_a_small_one(&node(&provider, "1s").await, 768 * KIB).await;
    assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
}

#[tokio::test]
async fn a_link_that_is_too_slow_for_large_mail_harms_no_other_mail() {
    // 80 KiB/s: after three seconds most of 512 KiB still stands in the kernel.
    let provider = behind_a_slow_link(8 * KIB).await;
    let answers = five_and_a_small_one(&node(&provider, "1s").await, 512 * KIB).await;
    for (status, reasons) in &answers {
        assert!(*status != 200 && reasons == "still_sending", "{answers:?}");
    }
}

/// What stands in the kernel is on its way to the proxy, and the provider's address is nobody's here.
#[tokio::test]
async fn a_link_to_a_proxy_that_is_too_slow_for_large_mail_harms_no_other_mail() {
    let outside = behind_a_slow_link(8 * KIB).await;
    let settings = Settings::server().sendgrid("http://api.provider.example");
    let proxy = with_one_failure(settings.with("SMSP_EGRESS_PROXY", &outside.url()), "1s").await;
    for (status, reasons) in &five_and_a_small_one(&proxy, 512 * KIB).await {
        assert!(*status != 200 && reasons == "still_sending", "{status} {reasons}");
    }
}

/// At 150 KiB/s the kernel lets us write only every few seconds, which is no stall.
#[tokio::test]
async fn five_mails_larger_than_the_kernels_buffer_on_one_slow_uplink_harm_no_other_mail() {
    let provider = behind_a_slow_link(15 * KIB).await;
    let answers = five_and_a_small_one(&node(&provider, "1s").await, 5 * 1024 * KIB).await;
    for (status, reasons) in &answers {
        assert!(*status != 200 && reasons == "still_sending", "{answers:?}");
    }
}

/// As `carry`, but it ends no answer.
async fn carry_and_begin_to_answer(mut conversation: Conversation) {
    let mut request = Vec::new();
    while conversation.read_at_most(15 * KIB, &mut request).await > 0 {
        if behind_a_whole_request(&request).is_some() {
            conversation.write("HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n").await;
            return conversation.ends().await;
        }
        sleep(PAUSE).await;
    }
}

/// Large enough for the kernel to be asked, which can tell only of all connections to that provider.
#[tokio::test]
async fn a_provider_that_ends_no_answer_is_blamed_though_another_mail_is_on_its_way_there() {
    let provider = RawProvider::start(carry_and_begin_to_answer).await;
    let proxy = node(&provider, "2s").await;
    let client = proxy.client.clone();
    let other = tokio::spawn(async move { client.send(&large(1024 * KIB)).await });
    let is_on_its_way = async || when(provider.received().len() > 32 * KIB, || "not yet".to_owned());
    eventually("the other mail is on its way", is_on_its_way).await;
    let answer = proxy.client.send(&large(20 * KIB)).await.expect_problem(504, "unknown", false);
    assert_eq!(answer.reasons(), ["timeout"], "{answer}");
    assert_ne!(proxy.client.state("sg").await, "closed");
    assert!(!other.is_finished(), "it was on its way all the time");
}

#[tokio::test]
async fn a_provider_that_takes_nothing_is_given_up_and_the_next_one_gets_the_mail() {
    let stalled = RawProvider::start(|conversation| async move {
        sleep(Duration::from_secs(3600)).await;
        drop(conversation);
    })
    .await;
    let taker = behind_a_slow_link(1024 * KIB).await;
    let settings = Settings::accounts(&[("a", &stalled.url()), ("b", &taker.url())]).with("SMSP_FAILOVER", "safe");
    let proxy = Proxy::start(settings.with("SMSP_CIRCUIT_CONSECUTIVE_FAILURES", "1")).await;
    // More than all buffers between us hold.
    let receipt = proxy.client.send(&large(12 * 1024 * KIB)).await.expect(200);
    let receipt = receipt.expect_attempts(&["a:unavailable", "b:accepted"]);
    assert_eq!(receipt.reasons()[0], "timeout", "{receipt}");
    assert_eq!(proxy.client.circuit("a").await["state"], "open", "it took nothing for five seconds");
}

#[tokio::test]
async fn a_node_that_ends_withholds_the_end_of_a_mail_that_cannot_be_handed_over_in_time() {
    let provider = behind_a_slow_link(KIB).await;
    let settings = Settings::server().sendgrid(&provider.url()).with("SMSP_DRAIN_DEADLINE", "2s");
    let proxy = Proxy::start(settings).await;
    let client = proxy.client.clone();
    let sending = tokio::spawn(async move { client.send(&large(12 * 1024 * KIB)).await });
    eventually("some of the mail is on its way", async || {
        when(provider.received().len() > KIB, || provider.connections().to_string())
    })
    .await;
    proxy.terminate();
    let answer = sending.await.expect("the caller's task goes on").expect_problem(503, "none", true);
    assert_eq!((answer.attempts(), answer.reasons()), (vec!["sg:cancelled".to_owned()], vec!["deadline"]), "{answer}");
    assert_eq!(proxy.exit(PATIENCE).await.code, Some(0));
}
