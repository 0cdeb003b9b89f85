//! The line `started`: one, once the node serves, with what it is made of and nothing secret.

use tempfile::TempDir;

use super::*;

/// The first line of this message, once there is one.
async fn line_of(proxy: &Proxy, message: &str) -> Value {
    eventually(&format!("the log has a line {message}"), async || {
        let logs = proxy.logs();
        logs.iter().find(|event| event["message"] == message).cloned().ok_or_else(|| format!("{logs:#?}"))
    })
    .await
}

#[tokio::test]
async fn one_line_says_what_has_started() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let settings = Settings::mailgun_then_sendgrid("http://127.0.0.1:9", "http://127.0.0.1:9")
        .without("SMSP_API_KEY")
        .with("SMSP_API_KEYS", "shop:canary-of-shop,shop:canary-of-shop-too,billing:canary-of-billing")
        .with("SMSP_ROUTES", "otp: tag=otp -> mg!; from=*.canary.example.org -> sg")
        .with("SMSP_ROUTING", "round_robin")
        .with("SMSP_FAILOVER", "never")
        .with("SMSP_STORE", &format!("sqlite:{}/canary", folder.path().display()))
        .with("SMSP_STORE_KEY", &format!("canary:{}", "ab".repeat(32)))
        .with("SMSP_OUTBOX", "on")
        .with("SMSP_OUTBOX_MIN_FREE", "0%");
    std::fs::create_dir(folder.path().join("canary")).expect("a folder can be made");
    let proxy = Proxy::start(settings).await;
    let mut started = line_of(&proxy, "started").await;
    let own = ["timestamp", "level", "message", "target"].map(|name| started[name].take());
    assert_eq!(own[1], "INFO");
    let expected = json!({
        "timestamp": null, "level": null, "message": null, "target": null, "version": env!("CARGO_PKG_VERSION"),
        "upstreams": "mg=mailgun,sg=sendgrid", "routing": "round_robin", "rules": 2, "failover": "never", "callers": 2,
        "store": "sqlite", "outbox": "on", "api": proxy.api.to_string(), "admin": proxy.ops.to_string(),
    });
    assert_eq!(started, expected);
    proxy.client.healthcheck().await.expect(200);
    proxy.terminate();
    let output = proxy.exit(PATIENCE).await;
    assert_eq!(output.stdout.matches("\"message\":\"started\"").count(), 1, "{output:?}");
}

#[tokio::test]
async fn node_with_nothing_but_an_upstream_says_so() {
    let started = line_of(&Proxy::start(Settings::mock()).await, "started").await;
    let words = ["upstreams", "routing", "failover", "store", "outbox"].map(|name| started[name].as_str());
    assert_eq!(words, [Some("mock=mock"), Some("priority"), Some("safe"), Some("none"), Some("off")], "{started}");
    assert_eq!((&started["rules"], &started["callers"]), (&json!(0), &json!(1)), "{started}");
}
