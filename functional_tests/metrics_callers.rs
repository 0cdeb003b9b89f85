//! What is counted for each caller, and of the files that say who calls and where mail goes.

use std::fs;
use std::path::Path;

use crate::harness::metrics::Metrics;
use crate::harness::outbox::Store;
use crate::harness::wait::when;
use crate::harness::{Behaviour, Proxy, Settings, StubProvider, eventually, mails};

/// Puts a file in the place of another, which no reader sees half written.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).expect("a file can be written");
    fs::rename(new, path).expect("a file can be renamed");
}

fn reloads(metrics: &Metrics) -> [u64; 6] {
    let files = ["caller_keys", "admin_keys", "routes"];
    let count = |file, outcome| {
        let labels = [("file", file), ("outcome", outcome)];
        assert!(metrics.has("smsp_reloads_total", &labels), "{file} {outcome}\n{}", metrics.page);
        metrics.count("smsp_reloads_total", &labels)
    };
    let [a, b, c] = files.map(|file| [count(file, "ok"), count(file, "failed")]);
    [a[0], a[1], b[0], b[1], c[0], c[1]]
}

/// The page, once files were read again so often: caller keys, admin keys and routes, each ok and failed.
async fn after_reloads(proxy: &Proxy, expected: [u64; 6]) -> Metrics {
    eventually("the files were read again", async || {
        let metrics = proxy.client.metrics().await;
        when(reloads(&metrics) == expected, || format!("{:?}\n{}", reloads(&metrics), metrics.page)).map(|()| metrics)
    })
    .await
}

#[tokio::test]
async fn files_that_are_read_again_are_counted_by_whether_they_hold() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    let (keys, admins, routes) = (path("keys"), path("admins"), path("routes"));
    replace(&keys, "shop:first");
    replace(&admins, "ada:operator:first-admin");
    replace(&routes, "tag=otp -> a");
    let settings = [("API_KEYS", &keys), ("ADMIN_KEYS", &admins), ("ROUTES", &routes)];
    let settings =
        settings.iter().fold(Settings::accounts(&[("a", "http://127.0.0.1:9")]), |settings, (name, path)| {
            settings.with(&format!("SMSP_{name}_FILE"), &path.display().to_string())
        });
    let proxy = Proxy::start(settings).await;
    assert_eq!(reloads(&proxy.client.metrics().await), [0; 6]);
    replace(&keys, "shop:first\nshop:second");
    replace(&admins, "nonsense");
    replace(&routes, "tag=otp -> nobody");
    after_reloads(&proxy, [1, 0, 0, 1, 0, 1]).await;
    replace(&keys, "");
    replace(&admins, "ada:operator:second-admin");
    replace(&routes, "tag=login -> a");
    after_reloads(&proxy, [1, 1, 1, 1, 1, 1]).await;
}

#[tokio::test]
async fn callers_are_shown_from_the_start_and_from_their_reload_on_and_so_is_when_their_keys_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let keys = directory.path().join("keys");
    replace(&keys, "shop:k1;until=2999-12-30\nshop:k2;until=2999-12-31\nold:k3;until=2020-01-01\nfree:k4");
    let settings = Settings::mock().without("SMSP_API_KEY").with("SMSP_API_KEYS_FILE", &keys.display().to_string());
    let proxy = Proxy::start(settings).await;
    let shows = |metrics: &Metrics, callers: &[&str]| {
        for (caller, delivery) in callers.iter().flat_map(|caller| DELIVERIES.map(|delivery| (caller, delivery))) {
            let labels = [("caller", *caller), ("delivery", delivery)];
            assert!(metrics.has("smsp_mails_total", &labels), "{caller} {delivery}\n{}", metrics.page);
        }
    };
    let ends = |metrics: &Metrics, caller: &str| {
        let labels = [("caller", caller)];
        let has = metrics.has("smsp_key_expires_timestamp_seconds", &labels);
        has.then(|| metrics.gauge("smsp_key_expires_timestamp_seconds", &labels) as u64)
    };
    let metrics = proxy.client.metrics().await;
    shows(&metrics, &["shop", "old", "free"]);
    assert_eq!(metrics.count("smsp_mails_total", &[]), 0, "{}", metrics.page);
    // The midnights (UTC) after 2999-12-31 and 2020-01-01.
    let all = ["shop", "old", "free"].map(|caller| ends(&metrics, caller));
    assert_eq!(all, [Some(32_503_680_000), Some(1_577_923_200), None], "{}", metrics.page);
    replace(&keys, "shop:k1;until=2999-12-30\nnew:k5;until=2999-12-31");
    let metrics = after_reloads(&proxy, [1, 0, 0, 0, 0, 0]).await;
    shows(&metrics, &["shop", "old", "free", "new"]);
    let all = ["shop", "old", "free", "new"].map(|caller| ends(&metrics, caller));
    assert_eq!(all, [Some(32_503_593_600), None, None, Some(32_503_680_000)], "{}", metrics.page);
}

const DELIVERIES: [&str; 4] = ["accepted", "none", "unknown", "queued"];

fn deliveries(metrics: &Metrics, caller: &str) -> [u64; 4] {
    DELIVERIES.map(|delivery| metrics.count("smsp_mails_total", &[("caller", caller), ("delivery", delivery)]))
}

#[tokio::test]
async fn each_mail_of_a_caller_counts_once_by_what_the_caller_was_told() {
    let (directory, mailgun) = (tempfile::tempdir().expect("a directory"), StubProvider::mailgun().await);
    let settings = Settings::server().mailgun(&mailgun.url()).patient_circuits().with("SMSP_API_KEYS", "shop:k1");
    let settings = settings.with("SMSP_CALLER_SHOP_RATE", "2/h");
    let proxy = Proxy::start(Store::sqlite(directory.path()).under(settings)).await;
    let key = [("idempotency-key", "order-1")];
    let mail = mails::plain().to_string();
    for replayed in [None, Some("true")] {
        let answer = proxy.client.post_raw(mail.clone(), &key).await.expect(200);
        assert_eq!(answer.header("idempotency-replayed"), replayed, "{answer}");
    }
    mailgun.does(Behaviour::Close);
    proxy.client.send(&mails::plain()).await.expect(504);
    mailgun.answers(400, r#"{"message": "to parameter is not a valid address. please check documentation"}"#);
    let status = proxy.client.send(&mails::plain()).await.status;
    assert!([422, 502].contains(&status), "{status}");
    proxy.client.post_to("/outbox", mail.clone(), &[]).await.expect(202);
    // None of these is a mail: they were refused before.
    proxy.client.post_raw("{}", &[]).await.expect(422);
    proxy.client.post_raw(mail.clone(), &[("x-api-key", "wrong")]).await.expect(401);
    for status in [422, 422, 429] {
        proxy.client.post_raw("{}", &[("x-api-key", "k1")]).await.expect(status);
    }
    let metrics = proxy.client.metrics().await;
    assert_eq!(deliveries(&metrics, "caller"), [1, 1, 1, 1], "{}", metrics.page);
    assert_eq!(deliveries(&metrics, "shop"), [0; 4], "{}", metrics.page);
    assert_eq!(metrics.count("smsp_mails_total", &[]), 4, "no caller else\n{}", metrics.page);
}
