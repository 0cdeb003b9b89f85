//! Who may use the admin listener: by key and role, or from loopback alone where no keys are set.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use reqwest::Method;
use serde_json::json;
use tempfile::NamedTempFile;

use crate::harness::admin::{self, get, order, outer_address};
use crate::harness::skip::skip;
use crate::harness::wait::when;
use crate::harness::{Answer, Proxy, Settings, eventually};

const OPERATOR: &str = "operator-key-canary";
const VIEWER: &str = "viewer-key-canary";
const EXPIRED: &str = "expired-key-canary";
/// Its key is `digest-key-canary`.
const DIGEST: &str = "sha256:d46e74802a5132ea5ebfe8aa61b73ad053d26fe50c9e74d8d7f6954c0cb6698c";

/// What is always open, and what wants a viewer.
const OPEN: [&str; 4] = ["/livez", "/readyz", "/metrics", "/openapi.json"];
const VIEWS: [&str; 2] = ["/circuits", "/audit"];

fn with_keys() -> Settings {
    let keys = format!(
        "ada:operator:{OPERATOR},wall:viewer:{VIEWER},ada:operator:{EXPIRED};until=2020-01-01,bo:operator:{DIGEST}"
    );
    Settings::mock().with("SMSP_ADMIN_KEYS", &keys)
}

/// As who sends these keys.
fn keys<'a>(keys: &[&'a str]) -> Vec<(&'static str, &'a str)> {
    keys.iter().map(|key| ("x-admin-key", *key)).collect()
}

async fn open_mock(address: SocketAddr, headers: &[(&str, &str)]) -> Answer {
    order(address, headers, &json!({"override": "open"})).await
}

#[track_caller]
fn expect_problem(answer: &Answer, status: u16, kind: &str, words: &[&str]) {
    assert_eq!(answer.status, status, "{answer}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer}");
    assert_eq!(answer.at("/type"), &json!(format!("urn:smsp:problem:{kind}")), "{answer}");
    let detail = answer.at("/detail").as_str().unwrap_or_default();
    assert!(words.iter().all(|word| detail.contains(word)), "{words:?} in {answer}");
}

#[tokio::test]
async fn a_viewer_reads_and_an_operator_orders_too() {
    let proxy = Proxy::start(with_keys()).await;
    for path in OPEN {
        get(proxy.ops, path, &[]).await.expect(200);
        get(proxy.ops, path, &keys(&["wrong"])).await.expect(200);
    }
    for key in [VIEWER, OPERATOR, "digest-key-canary"] {
        for path in VIEWS {
            get(proxy.ops, path, &keys(&[key])).await.expect(200);
        }
    }
    expect_problem(&open_mock(proxy.ops, &keys(&[VIEWER])).await, 403, "forbidden", &["operator", "viewer"]);
    let circuits = get(proxy.ops, "/circuits", &keys(&[VIEWER])).await;
    assert_eq!(circuits.at("/circuits/0/override"), "auto", "a viewer's order changes nothing: {circuits}");
    let metrics = proxy.client.metrics().await;
    let refused = [("path", "/circuits/{name}"), ("status", "403"), ("caller", "wall")];
    assert_eq!(metrics.count("smsp_requests_total", &refused), 1, "the log and the counts name it: {}", metrics.page);
    for key in [OPERATOR, "digest-key-canary"] {
        open_mock(proxy.ops, &keys(&[key])).await.expect(200);
    }
}

#[tokio::test]
async fn missing_wrong_expired_and_duplicate_keys_get_the_same_answer() {
    let proxy = Proxy::start(with_keys()).await;
    let wrong = [
        keys(&[]),
        keys(&[""]),
        keys(&["wrong"]),
        keys(&[EXPIRED]),
        keys(&[OPERATOR, OPERATOR]),
        keys(&[OPERATOR, "wrong"]),
        keys(&["wrong", OPERATOR]),
        keys(&["ada:operator:operator-key-canary"]),
        keys(&["operator:operator-key-canary"]),
        keys(&[DIGEST]),
        keys(&["operator-key-canar"]),
        keys(&["OPERATOR-KEY-CANARY"]),
        keys(&[proxy.client.key()]),
        vec![("x-api-key", OPERATOR)],
        vec![("authorization", "Bearer operator-key-canary")],
    ];
    let mut bodies = Vec::new();
    for headers in &wrong {
        for answer in [get(proxy.ops, "/circuits", headers).await, open_mock(proxy.ops, headers).await] {
            expect_problem(&answer, 401, "unauthorized", &["X-ADMIN-KEY"]);
            let id = answer.at("/request_id").as_str().unwrap_or("-");
            bodies.push(answer.text.replace(id, ""));
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:#?}");
    get(proxy.ops, &format!("/circuits?x-admin-key={OPERATOR}"), &[]).await.expect(401);
    admin::call(proxy.ops, Method::PUT, "/circuits/unknown", &[], Some(&json!({}))).await.expect(401);
    let circuits = get(proxy.ops, "/circuits", &keys(&[VIEWER])).await;
    assert_eq!(circuits.at("/circuits/0/override"), "auto", "{circuits}");
    let log = format!("{:?}", proxy.logs());
    assert!(!log.contains("canary"), "no key is logged: {log}");
}

#[tokio::test]
async fn no_admin_key_sends_mail() {
    let proxy = Proxy::start(with_keys()).await;
    let mail = crate::harness::mails::plain();
    proxy.client.post_raw(mail.to_string(), &[("x-api-key", OPERATOR)]).await.expect(401);
}

#[tokio::test]
async fn without_keys_only_a_host_that_names_loopback_reads_and_orders() {
    let proxy = Proxy::start(Settings::mock()).await;
    for host in ["localhost", "LOCALHOST:1", "127.0.0.1", "127.8.9.1:9090", "[::1]:9090"] {
        get(proxy.ops, "/circuits", &[("host", host)]).await.expect(200);
        order(proxy.ops, &[("host", host)], &json!({"override": "auto"})).await.expect(200);
    }
    let forged =
        [("host", "evil.example:9090"), ("host", "localhost.evil.example"), ("host", "127.0.0.1.evil.example")];
    for header in forged.into_iter().chain([
        ("x-forwarded-for", "192.0.2.1"),
        ("forwarded", "for=192.0.2.1"),
        ("via", "1.1 proxy"),
    ]) {
        for path in VIEWS {
            let answer = get(proxy.ops, path, &[header]).await;
            expect_problem(&answer, 403, "forbidden", &["SMSP_ADMIN_KEYS", "Host"]);
        }
        expect_problem(&open_mock(proxy.ops, &[header]).await, 403, "forbidden", &["SMSP_ADMIN_KEYS"]);
        for path in OPEN {
            get(proxy.ops, path, &[header]).await.expect(200);
        }
    }
    let circuits = get(proxy.ops, "/circuits", &[]).await;
    assert_eq!(circuits.at("/circuits/0/override"), "auto", "{circuits}");
}

#[tokio::test]
async fn with_keys_the_host_is_free_and_loopback_needs_a_key() {
    let proxy = Proxy::start(with_keys()).await;
    let headers = [("host", "smsp-0.internal:9090"), ("x-forwarded-for", "192.0.2.1"), ("x-admin-key", OPERATOR)];
    open_mock(proxy.ops, &headers).await.expect(200);
    get(proxy.ops, "/circuits", &[("host", "localhost")]).await.expect(401);
}

/// A proxy with these settings whose admin listener is open to other machines, by an address that is not loopback.
async fn from_outside(settings: Settings) -> Option<(Proxy, SocketAddr)> {
    let Some(outer) = outer_address() else {
        skip("this machine has no address but loopback: calls from elsewhere to the admin listener");
        return None;
    };
    let proxy = Proxy::start(settings.with("SMSP_ADMIN_HOST", "0.0.0.0")).await;
    let address = SocketAddr::new(outer, proxy.ops.port());
    Some((proxy, address))
}

#[tokio::test]
async fn without_keys_another_machine_reads_health_and_metrics_alone() {
    let Some((proxy, outside)) = from_outside(Settings::mock()).await else { return };
    for path in OPEN {
        get(outside, path, &[]).await.expect(200);
    }
    for host in ["localhost", "127.0.0.1:9090", "smsp"] {
        for path in VIEWS {
            expect_problem(&get(outside, path, &[("host", host)]).await, 403, "forbidden", &["SMSP_ADMIN_KEYS"]);
        }
        expect_problem(&open_mock(outside, &[("host", host)]).await, 403, "forbidden", &["SMSP_ADMIN_KEYS"]);
    }
    let inside = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), proxy.ops.port());
    let circuits = get(inside, "/circuits", &[]).await.expect(200);
    assert_eq!(circuits.at("/circuits/0/override"), "auto", "{circuits}");
}

#[tokio::test]
async fn with_keys_another_machine_does_what_its_key_may() {
    let Some((_proxy, outside)) = from_outside(with_keys()).await else { return };
    get(outside, "/circuits", &[]).await.expect(401);
    get(outside, "/circuits", &keys(&[VIEWER])).await.expect(200);
    open_mock(outside, &keys(&[OPERATOR])).await.expect(200);
    let audit = get(outside, "/audit", &keys(&[VIEWER])).await.expect(200);
    let from = audit.at("/records/0/from").as_str().unwrap_or_default();
    assert!(from.starts_with(&format!("{}:", outside.ip())), "{audit}");
}

#[tokio::test]
async fn loopback_over_an_ipv6_socket_is_loopback() {
    if fs::read_to_string("/proc/net/if_inet6").unwrap_or_default().is_empty() {
        return skip("this machine has no IPv6: the admin listener on ::");
    }
    let proxy = Proxy::start(Settings::mock().with("SMSP_ADMIN_HOST", "::")).await;
    for address in ["127.0.0.1", "::1"] {
        let address = SocketAddr::new(address.parse().expect("an address"), proxy.ops.port());
        get(address, "/circuits", &[]).await.expect(200);
    }
    let Some(outer) = outer_address() else { return };
    get(SocketAddr::new(outer, proxy.ops.port()), "/circuits", &[("host", "localhost")]).await.expect(403);
}

#[tokio::test]
async fn admin_keys_in_a_file_are_replaced_while_we_serve() {
    let file = NamedTempFile::new().expect("a temporary file can be made");
    let write = |text: &str| fs::write(file.path(), text).expect("a temporary file can be written");
    let opens = async |proxy: &Proxy, key: &str| get(proxy.ops, "/circuits", &keys(&[key])).await.status == 200;
    write("ada:operator:first\n");
    let path = file.path().display().to_string();
    let proxy = Proxy::start(Settings::mock().with("SMSP_ADMIN_KEYS_FILE", &path)).await;
    assert!(opens(&proxy, "first").await);
    write("ada:operator:first\nada:operator:second\nwall:viewer:third\n");
    eventually("the new keys open", async || {
        when(opens(&proxy, "second").await && opens(&proxy, "third").await, || proxy.process.evidence())
    })
    .await;
    open_mock(proxy.ops, &keys(&["third"])).await.expect(403);
    // Each is broken in another way, for the log says the same thing once.
    let broken = ["nonsense canary", "ada:operator:first\nada:king:canary", "", ",,"];
    for (number, text) in (1..).zip(broken) {
        write(text);
        eventually("the log says that the file is broken", async || {
            let errors = proxy.logs().into_iter().filter(|event| event["level"] == "ERROR");
            when(errors.count() == number, || proxy.process.evidence())
        })
        .await;
        assert!(opens(&proxy, "second").await, "the last keys hold");
    }
    // A key of a caller's is none of an admin's.
    write(&format!("ada:operator:second\nwall:operator:{}\n", proxy.client.key()));
    eventually("the log says whose key it is", async || {
        let told =
            proxy.logs().iter().any(|event| event["problem"].as_str().is_some_and(|text| text.contains("caller")));
        when(told, || proxy.process.evidence())
    })
    .await;
    assert!(!opens(&proxy, proxy.client.key()).await);
    write("ada:viewer:second\n");
    eventually("the old keys open nothing any more", async || {
        when(!opens(&proxy, "first").await && !opens(&proxy, "third").await, || proxy.process.evidence())
    })
    .await;
    open_mock(proxy.ops, &keys(&["second"])).await.expect(403);
    assert!(!format!("{:?}", proxy.logs()).contains("canary"), "no key is logged");
}

#[tokio::test]
async fn a_right_admin_key_is_served_at_once_while_others_are_guessed() {
    let proxy = Proxy::start(with_keys()).await;
    let address = proxy.ops;
    // One client for all: to make one takes longer than a guess may wait.
    let guesser = reqwest::Client::builder().no_proxy().build().expect("a client can be built");
    let guesses = (0..150).map(|number: u32| {
        let request = guesser.get(format!("http://{address}/circuits")).header("x-admin-key", number);
        async { Answer::to(request).await.status }
    });
    let guessing = tokio::spawn(futures_util::future::join_all(guesses.collect::<Vec<_>>()));
    eventually("guesses are refused", async || {
        let metrics = proxy.client.metrics().await;
        let refused = metrics.count("smsp_admin_refused_total", &[("reason", "throttled")]);
        when(refused > 0, || metrics.page)
    })
    .await;
    get(address, "/circuits", &keys(&[VIEWER])).await.expect(200);
    assert!(!guessing.is_finished(), "the right key did not wait for the wrong ones");
    let statuses = guessing.await.expect("the guesser's task goes on");
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!(count(401) + count(429), 150, "{statuses:?}");
    // The 40 that may wait are answered; how many more, depends on how fast this machine is.
    assert!(count(429) > 0 && count(401) >= 40, "{statuses:?}");
}
