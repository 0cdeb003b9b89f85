//! `smsp route` asks the admin listener of the running node where a mail would go.

use serde_json::{Value, json};

use crate::harness::admin::call;
use crate::harness::process::{Output, run_with};
use crate::harness::{Proxy, RefusingPort, Reply, Settings, StubProvider, mails, run};

/// A node, and the port of its providers, at which nobody listens: no mail is sent here.
async fn node(settings: &[(&str, &str)]) -> (Proxy, RefusingPort) {
    let nobody = RefusingPort::reserve();
    let accounts = Settings::accounts(&[("a", &nobody.url()), ("b", &nobody.url())]);
    let accounts =
        accounts.with("SMSP_API_KEYS", "shop:shop-key").with("SMSP_CALLER_SHOP_FROM_DOMAINS", "shop.example");
    let rules = accounts.with("SMSP_ROUTES", "otp: tag=otp caller=shop -> b!");
    (Proxy::start(settings.iter().fold(rules, |all, (name, value)| all.with(name, value))).await, nobody)
}

/// The environment of a command that asks this node.
fn environment(proxy: &Proxy) -> Settings {
    Settings::empty().with("SMSP_ADMIN_HOST", "0.0.0.0").with("SMSP_ADMIN_PORT", &proxy.ops.port().to_string())
}

fn otp() -> Value {
    let mut mail = mails::from("x@shop.example");
    mail["tags"] = json!(["otp"]);
    mail
}

async fn route(proxy: &Proxy, arguments: &[&str], mail: &Value) -> Output {
    run_with(&[&["route"][..], arguments].concat(), &environment(proxy), &mail.to_string()).await
}

#[tokio::test]
async fn table_tells_where_the_mail_of_a_caller_would_go() {
    let (proxy, _nobody) = node(&[]).await;
    let output = route(&proxy, &["--caller", "shop"], &otp()).await;
    let expected = "rule: otp\n\
                    upstream  standing    share  why\n\
                    b         ready     100.0 %\n\
                    a         left_out    0.0 %  rule\n\
                    would be accepted, if the upstream takes it";
    assert_eq!((output.code, output.stdout.trim_end(), output.stderr.as_str()), (Some(0), expected, ""), "{output:?}");
    let other = route(&proxy, &["--caller", "caller"], &otp()).await;
    assert!(other.stdout.starts_with("rule: none holds"), "the rule is for another caller: {other:?}");
}

#[tokio::test]
async fn json_is_the_answer_of_the_api_also_for_a_key() {
    let (proxy, _nobody) = node(&[("SMSP_ROUTING", "weighted")]).await;
    for key in ["order-1", "order-2", "order-3"] {
        let output = route(&proxy, &["--caller", "caller", "--json", "--idempotency-key", key], &mails::plain()).await;
        assert_eq!(output.code, Some(0), "{output:?}");
        let printed: Value = serde_json::from_str(&output.stdout).expect("JSON");
        let answer = proxy.client.explain(&mails::plain(), &[("idempotency-key", key)]).await.expect(200);
        assert_eq!(printed, answer.json, "{output:?}");
    }
}

#[tokio::test]
async fn mail_that_no_upstream_would_get_and_one_that_is_refused_end_with_1() {
    let (proxy, _nobody) = node(&[]).await;
    proxy.client.order("b", &json!({"override": "open"})).await.expect(200);
    let none = route(&proxy, &["--caller", "shop"], &otp()).await;
    assert_eq!(none.code, Some(1), "{none:?}");
    assert!(none.stdout.contains("circuit (override)") && none.stdout.contains("by no upstream"), "{none:?}");
    for (caller, mail, said) in [
        ("shop", mails::plain(), "403 Forbidden: from: is not of a domain that this key may send from"),
        ("stranded", otp(), "404 Not Found: There is no caller `stranded`: there are `caller`, `shop`."),
        ("shop", json!({"from": "x", "to": "y"}), "422 Unprocessable Entity: from: is not an address of the form"),
    ] {
        let output = route(&proxy, &["--caller", caller], &mail).await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{output:?}");
        assert!(output.stderr.contains(said), "{said}: {output:?}");
    }
}

#[tokio::test]
async fn command_needs_a_caller_and_a_node() {
    let (proxy, _nobody) = node(&[]).await;
    for arguments in [
        &[][..],
        &["--caller"],
        &["--caller", "A B"],
        &["--caller", "--json"],
        &["--caller", "shop", "--idempotency-key", "--json"],
        &["--key", "x", "--caller", "shop"],
    ] {
        let output = route(&proxy, arguments, &otp()).await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(64), ""), "{output:?}");
    }
    let nobody = RefusingPort::reserve();
    let port = nobody.url().rsplit(':').next().unwrap_or_default().to_owned();
    let output = run(&["route", "--caller", "shop"], &Settings::empty().with("SMSP_ADMIN_PORT", &port)).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("is the admin listener of smsp there?"), "{output:?}");
}

#[tokio::test]
async fn command_sends_the_admin_key_of_its_environment() {
    let keys = "wall:viewer:canary-1";
    let (proxy, _nobody) = node(&[("SMSP_ADMIN_KEYS", keys)]).await;
    let ask = async |settings: Settings| run_with(&["route", "--caller", "shop"], &settings, &otp().to_string()).await;
    let without = ask(environment(&proxy)).await;
    assert_eq!(without.code, Some(1), "{without:?}");
    assert!(without.stderr.contains("401 Unauthorized: Send an admin key"), "{without:?}");
    let with = ask(environment(&proxy).with("SMSP_ADMIN_KEY", "canary-1")).await;
    assert_eq!(with.code, Some(0), "{with:?}");
    let file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    std::fs::write(file.path(), "canary-1\n").expect("a temporary file can be written");
    let from_file = ask(environment(&proxy).with("SMSP_ADMIN_KEY_FILE", &file.path().display().to_string())).await;
    assert_eq!(from_file.code, Some(0), "{from_file:?}");
    assert!(!format!("{without:?}{with:?}{:?}", proxy.logs()).contains("canary"), "no key is shown");
}

#[tokio::test]
async fn redirect_is_not_followed_so_the_admin_key_goes_nowhere_else() {
    let (listener, other) = (StubProvider::sendgrid().await, StubProvider::sendgrid().await);
    listener.does(Reply::new(307, "").with("location", &format!("{}/v3/mail/send", other.url())).into());
    let settings = Settings::empty()
        .with("SMSP_ADMIN_PORT", &listener.address().port().to_string())
        .with("SMSP_ADMIN_KEY", "canary-1");
    let output = run_with(&["route", "--caller", "shop"], &settings, &otp().to_string()).await;
    assert_eq!((output.code, other.connections()), (Some(1), 0), "{output:?}");
    assert!(output.stderr.contains("answers 307 Temporary Redirect"), "{output:?}");
}

#[tokio::test]
async fn node_without_admin_keys_refuses_the_key_of_commands_as_a_misspelling() {
    let output = run(&["check-config"], &Settings::mock().with("SMSP_ADMIN_KEY", "ada:operator:canary")).await;
    assert_eq!(output.code, Some(64), "{output:?}");
    assert!(output.stderr.contains("SMSP_ADMIN_KEY: ") && output.stderr.contains("SMSP_ADMIN_KEYS?"), "{output:?}");
    assert!(!output.stderr.contains("canary"), "{output:?}");
    let both = Settings::mock().with("SMSP_ADMIN_KEY", "canary").with("SMSP_ADMIN_KEYS", "ada:operator:canary");
    let output = run(&["check-config"], &both).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(output.stdout.contains("SMSP_ADMIN_KEY=<redacted>") && !output.stdout.contains("canary"), "{output:?}");
}

#[tokio::test]
async fn admin_listener_takes_a_large_mail_to_explain_and_no_large_order() {
    let (proxy, _nobody) = node(&[]).await;
    let large = mails::but("text", json!("x".repeat(1024 * 1024)));
    let post = async |path: &str, body: &Value| call(proxy.ops, reqwest::Method::POST, path, &[], Some(body)).await;
    post("/route?caller=caller", &large).await.expect(200);
    call(proxy.ops, reqwest::Method::PUT, "/circuits/a", &[], Some(&large)).await.expect(413);
    for path in ["/route", "/route?caller=", "/route?caller=shop&caller=shop", "/route?caller=shop&x=1"] {
        let answer = post(path, &mails::plain()).await.expect(400);
        assert_eq!(answer.at("/type"), "urn:smsp:problem:malformed", "{answer}");
    }
}

#[tokio::test]
async fn mail_explained_for_an_operator_does_not_use_up_the_rate_of_its_caller() {
    let (proxy, _nobody) = node(&[("SMSP_CALLER_CALLER_RATE", "1/h")]).await;
    for _ in 0..3 {
        route(&proxy, &["--caller", "caller"], &mails::plain()).await;
    }
    proxy.client.explain(&mails::plain(), &[]).await.expect(200);
    proxy.client.explain(&mails::plain(), &[]).await.expect(429);
}
