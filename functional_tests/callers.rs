//! Several callers: each with keys of its own that can be replaced, and a policy of its own.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::process::Command;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::task::spawn_blocking;

use crate::harness::stub_relay::StubRelay;
use crate::harness::wait::when;
use crate::harness::{Answer, Behaviour, Gate, Proxy, Reply, Settings, StubProvider, eventually, mails};
use crate::smtp::relay;

/// The SHA-256 of `new-key`.
const DIGEST: &str = "479a61d5370a0351ad498a8f324e0f9ad50bfafbe4c044ea49cbe3981e8cb573";

async fn send_as(proxy: &Proxy, key: &str, mail: &Value) -> Answer {
    proxy.client.post_raw(mail.to_string(), &[("x-api-key", key)]).await
}

async fn with_keys(keys: &str) -> Proxy {
    Proxy::start(Settings::mock().without("SMSP_API_KEY").with("SMSP_API_KEYS", keys)).await
}

#[tokio::test]
async fn every_live_api_key_is_accepted_and_no_other() {
    let keys = format!("billing:old-key,billing:sha256:{DIGEST},shop:k3;until=2999-12-31,late:k4;until=2020-01-01");
    let proxy = with_keys(&keys).await;
    for key in ["old-key", "new-key", "k3"] {
        send_as(&proxy, key, &mails::plain()).await.expect(200);
    }
    for key in ["k4", DIGEST, "billing", "billing:old-key", "old-key,", "k3;until=2999-12-31"] {
        send_as(&proxy, key, &mails::plain()).await.expect_problem(401, "none", false);
    }
    let metrics = proxy.client.metrics().await;
    for (caller, status, count) in [("billing", "200", 2), ("shop", "200", 1), ("", "401", 6)] {
        let labels = [("path", "/email"), ("status", status), ("caller", caller)];
        assert_eq!(metrics.count("smsp_requests_total", &labels), count, "{caller}: {}", metrics.page);
    }
    let told = |caller: &str| proxy.logs().iter().any(|event| event["caller"] == caller);
    eventually("the log names the callers", async || {
        when(told("billing") && told("shop"), || format!("{:#?}", proxy.logs()))
    })
    .await;
}

#[tokio::test]
async fn key_file_is_reloaded_while_serving_and_a_broken_one_changes_nothing() {
    let file = NamedTempFile::new().expect("a temporary file can be made");
    let write = |text: &str| fs::write(file.path(), text).expect("a temporary file can be written");
    let opens = async |proxy: &Proxy, key: &str| send_as(proxy, key, &mails::plain()).await.status == 200;
    write("billing:first\n");
    let path = file.path().display().to_string();
    let proxy = Proxy::start(Settings::mock().with("SMSP_API_KEYS_FILE", &path)).await;
    assert!(opens(&proxy, "first").await);
    write("billing:first\nbilling:second\nshop:third\n");
    eventually("the new keys open", async || {
        when(opens(&proxy, "second").await && opens(&proxy, "third").await, || "not yet".to_owned())
    })
    .await;
    write("nonsense canary");
    eventually("the broken file is told of", async || {
        let told = proxy.logs().iter().any(|event| event["level"] == "ERROR" && event["problem"].is_string());
        when(told, || format!("{:#?}", proxy.logs()))
    })
    .await;
    assert!(!format!("{:?}", proxy.logs()).contains("canary"), "no key is logged");
    assert!(opens(&proxy, "first").await && opens(&proxy, "second").await, "the last ones hold");
    write("billing:second\n");
    eventually("the old key opens nothing any more", async || {
        when(!opens(&proxy, "first").await, || "not yet".to_owned())
    })
    .await;
    assert!(opens(&proxy, "second").await && opens(&proxy, proxy.client.key()).await);
}

#[tokio::test]
async fn expired_api_key_does_not_block_a_new_one() {
    let proxy = with_keys("shop:k1;until=2020-01-01,shop:k2,shop:k3").await;
    for (key, status) in [("k1", 401), ("k2", 200), ("k3", 200)] {
        send_as(&proxy, key, &mails::plain()).await.expect(status);
    }
}

#[tokio::test]
async fn caller_over_its_rate_waits_and_others_do_not() {
    let settings = Settings::mock().with("SMSP_API_KEYS", "shop:k1,billing:k2").with("SMSP_CALLER_SHOP_RATE", "3/h");
    let proxy = Proxy::start(settings).await;
    for _ in 0..3 {
        send_as(&proxy, "k1", &mails::plain()).await.expect(200);
    }
    let refused = send_as(&proxy, "k1", &mails::plain()).await.expect_problem(429, "none", true);
    assert!((1000..=1200).contains(&refused.retry_after()), "a third of an hour: {refused}");
    for _ in 0..10 {
        send_as(&proxy, "k2", &mails::plain()).await.expect(200);
    }
}

#[tokio::test]
async fn caller_concurrency_is_limited_until_an_answer_frees_a_permit() {
    let (mailgun, gate) = (StubProvider::mailgun().await, Gate::shut());
    mailgun.does(Behaviour::AnswerBehind(gate.clone(), Reply::mailgun_accepts()));
    let settings = Settings::server().mailgun(&mailgun.url()).with("SMSP_CALLER_CALLER_CONCURRENCY", "2");
    let proxy = Proxy::start(settings).await;
    let client = proxy.client.clone();
    let mail = mails::plain();
    let first = tokio::spawn(async move { join_all((0..2).map(|_| client.send(&mail))).await });
    mailgun.receives_mails(2).await;
    let refused = proxy.client.send(&mails::plain()).await.expect_problem(429, "none", true);
    assert_eq!(refused.retry_after(), 1);
    gate.open();
    for answer in first.await.expect("the callers' task goes on") {
        answer.expect(200);
    }
    proxy.client.send(&mails::plain()).await.expect(200);
    assert_eq!(mailgun.mails().len(), 3, "the refused one went nowhere");
}

#[tokio::test]
async fn caller_may_send_only_from_its_own_domains() {
    let settings = Settings::mock().with("SMSP_API_KEYS", "shop:k1,billing:k2");
    let proxy = Proxy::start(settings.with("SMSP_CALLER_SHOP_FROM_DOMAINS", "example.org, *.shop.example.com")).await;
    let from = |address: &str| mails::but("from", json!(address));
    for address in ["a@example.org", "a@EXAMPLE.org", "A <a@eu.shop.example.com>"] {
        send_as(&proxy, "k1", &from(address)).await.expect(200);
    }
    for address in ["a@example.com", "a@shop.example.com", "a@evil-example.org"] {
        let refused = send_as(&proxy, "k1", &from(address)).await.expect_problem(403, "none", false);
        assert_eq!(refused.fields(), ["from"], "{refused}");
    }
    send_as(&proxy, "k2", &from("a@example.com")).await.expect(200);
}

#[tokio::test]
async fn right_key_is_served_at_once_while_keys_are_guessed() {
    let proxy = Proxy::start(Settings::mock()).await;
    let wrong_keys = (0..150).map(|number| {
        let client = proxy.client.clone();
        async move { client.post_raw(mails::plain().to_string(), &[("x-api-key", &number.to_string())]).await.status }
    });
    let guessing = tokio::spawn(join_all(wrong_keys.collect::<Vec<_>>()));
    eventually("calls with wrong keys wait", async || {
        let metrics = proxy.client.metrics().await;
        let labels = |status| [("path", "/email"), ("status", status), ("caller", "")];
        when(metrics.count("smsp_requests_total", &labels("429")) > 0, || metrics.page)
    })
    .await;
    proxy.client.send(&mails::plain()).await.expect(200);
    assert!(!guessing.is_finished(), "the right key did not wait for the wrong ones");
    let statuses = guessing.await.expect("the guesser's task goes on");
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!(count(401) + count(429), 150, "{statuses:?}");
    // The 40 that may wait are answered; how many more, depends on how fast this machine is.
    assert!(count(429) > 0 && count(401) >= 40, "{statuses:?}");
}

#[tokio::test]
async fn reloading_keys_fails_no_caller_whose_key_stays() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("keys");
    let exchange = |number: usize| {
        let text = if number % 5 == 4 { "nonsense".to_owned() } else { format!("shop:mine,guest:{number}") };
        fs::write(folder.path().join("new"), text).expect("a temporary file can be written");
        fs::rename(folder.path().join("new"), &path).expect("and take its place, as a mounted secret does");
    };
    exchange(0);
    let proxy = Proxy::start(Settings::mock().with("SMSP_API_KEYS_FILE", &path.display().to_string())).await;
    for number in 1..4 {
        exchange(number);
        let new = format!("{number}");
        eventually("the new key opens", async || {
            send_as(&proxy, "mine", &mails::plain()).await.expect(200);
            when(send_as(&proxy, &new, &mails::plain()).await.status == 200, || new.clone())
        })
        .await;
    }
    exchange(4);
    eventually("the broken file is told of", async || {
        send_as(&proxy, "mine", &mails::plain()).await.expect(200);
        when(proxy.logs().iter().any(|event| event["problem"].is_string()), || format!("{:#?}", proxy.logs()))
    })
    .await;
    send_as(&proxy, "3", &mails::plain()).await.expect(200);
}

/// Its file of keys has become a FIFO, which keeps its reader waiting, as a file system does whose server is gone.
async fn with_a_file_that_stalls() -> (Proxy, File) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (path, fifo) = (folder.path().join("keys"), folder.path().join("fifo"));
    fs::write(&path, "shop:first").expect("a temporary file can be written");
    let made = Command::new("mkfifo").arg(&fifo).status().expect("mkfifo is on every machine");
    assert!(made.success(), "{made}");
    let proxy = Proxy::start(Settings::mock().with("SMSP_API_KEYS_FILE", &path.display().to_string())).await;
    fs::rename(&fifo, &path).expect("and take its place, as a mounted secret does");
    // Opening it waits until it is read.
    let opening = spawn_blocking(move || OpenOptions::new().write(true).open(path));
    (proxy, opening.await.expect("no panic").expect("a FIFO can be opened"))
}

#[tokio::test]
async fn stalled_key_file_delays_neither_mail_nor_health_checks_nor_shutdown() {
    let (proxy, _file) = with_a_file_that_stalls().await;
    send_as(&proxy, "first", &mails::plain()).await.expect(200);
    proxy.client.ops("/livez").await.expect(200);
    proxy.terminate();
    assert_eq!(proxy.exit(Duration::from_secs(5)).await.code, Some(0));
}

#[tokio::test]
async fn key_file_that_stalled_is_reloaded_once_it_is_read() {
    let (proxy, mut file) = with_a_file_that_stalls().await;
    file.write_all(b"shop:second").expect("a FIFO with a reader can be written");
    drop(file);
    eventually("the keys that came late are exchanged", async || {
        when(send_as(&proxy, "second", &mails::plain()).await.status == 200, || "not yet".to_owned())
    })
    .await;
    send_as(&proxy, "first", &mails::plain()).await.expect(401);
}

#[tokio::test]
async fn bounce_address_of_a_caller_becomes_the_smtp_envelope_sender_only() {
    let mut ids = Vec::new();
    for (setting, envelope) in [
        (("SMSP_CALLER_BOUNCE_ADDRESS", "none"), "sender@example.com"),
        (("SMSP_CALLER_BOUNCE_ADDRESS", "bounces@example.org"), "bounces@example.org"),
        (("SMSP_CALLER_CALLER_BOUNCE_ADDRESS", "own@example.org"), "own@example.org"),
    ] {
        let stub = StubRelay::start().await;
        let proxy = Proxy::start(relay(&stub.port()).with(setting.0, setting.1)).await;
        let receipt = proxy.client.send_with(&mails::plain(), &[("idempotency-key", "k")]).await.expect(200);
        let dialogue = stub.dialogue();
        assert!(dialogue.contains(&format!("C: MAIL FROM:<{envelope}>")), "{dialogue}");
        assert!(dialogue.contains("\nFrom: sender@example.com\n"), "{dialogue}");
        ids.push(receipt.at("/id").clone());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}
