//! Rules choose the upstreams of a mail: by each key, in quotes, pinned, and read again while smsp serves.

use std::fs;

use serde_json::{Value, json};

use crate::harness::wait::when;
use crate::harness::{Answer, Proxy, Settings, StubProvider, eventually, mails, run};

/// Two upstreams, of which `a` comes first where no rule says otherwise.
async fn two() -> [StubProvider; 2] {
    [StubProvider::sendgrid().await, StubProvider::sendgrid().await]
}

fn settings([a, b]: &[StubProvider; 2]) -> Settings {
    Settings::accounts(&[("a", &a.url()), ("b", &b.url())]).patient_circuits()
}

async fn node(providers: &[StubProvider; 2], rules: &str) -> Proxy {
    Proxy::start(settings(providers).with("SMSP_ROUTES", rules)).await
}

/// The upstream that took the mail, and the rule that chose it.
fn way(receipt: &Answer) -> (String, String) {
    let text = |name: &str| receipt.json[name].as_str().unwrap_or_default().to_owned();
    (text("provider"), text("rule"))
}

async fn way_of(proxy: &Proxy, mail: &Value) -> (String, String) {
    way(&proxy.client.send(mail).await.expect(200))
}

fn by(rule: &str) -> (String, String) {
    ("b".to_owned(), rule.to_owned())
}

fn by_default() -> (String, String) {
    ("a".to_owned(), String::new())
}

#[tokio::test]
async fn each_key_of_a_rule_chooses_the_upstream() {
    let providers = two().await;
    let rules = "tag: tag=otp -> b; from: from=*.shop.example|ceo@example.com -> b; to: to=*.gov.example -> b; \
                 header: header.X-Stream=bulk* -> b; quoted: tag=\"Password Reset\"|\"50% \\*\" -> b";
    let proxy = node(&providers, rules).await;
    let mail = mails::but;
    for (mail, expected) in [
        (mail("tags", json!(["x", "otp"])), by("tag")),
        (mail("from", json!("sales@eu.shop.example")), by("from")),
        (mail("from", json!("CEO@example.com")), by("from")),
        (mail("from", json!("sales@shop.example")), by_default()),
        (mail("to", json!(["a@tax.gov.example", "b@post.gov.example"])), by("to")),
        (mail("to", json!(["a@tax.gov.example", "b@example.net"])), by_default()),
        (mail("headers", json!({"x-stream": "bulk-7"})), by("header")),
        (mail("headers", json!({"x-stream": "one"})), by_default()),
        (mail("tags", json!(["Password Reset"])), by("quoted")),
        (mail("tags", json!(["50% *"])), by("quoted")),
        (mail("tags", json!(["50% off"])), by_default()),
        (mails::plain(), by_default()),
    ] {
        assert_eq!(way_of(&proxy, &mail).await, expected, "{mail}");
    }
    let metrics = proxy.client.metrics().await;
    for (rule, upstream, count) in [("quoted", "b", 2), ("tag", "b", 1), ("tag", "a", 0), ("default", "a", 5)] {
        let labels = [("upstream", upstream), ("rule", rule)];
        assert_eq!(metrics.count("smsp_routed_total", &labels), count, "{rule}: {}", metrics.page);
    }
    let told = || proxy.logs().iter().any(|event| event["message"] == "attempt" && event["rule"] == "quoted");
    eventually("the log names the rule", async || when(told(), || format!("{:#?}", proxy.logs()))).await;
}

#[tokio::test]
async fn the_first_rule_of_which_all_conditions_hold_wins() {
    let providers = two().await;
    let rules = "both: tag=otp header.X-Stream=two|three -> b; tag: tag=otp -> b; later: tag=late|otp -> b";
    let proxy = node(&providers, rules).await;
    for (tags, stream, expected) in [
        (json!(["otp"]), "two", by("both")),
        (json!(["otp"]), "three", by("both")),
        (json!(["otp"]), "one", by("tag")),
        (json!(["late", "otp"]), "one", by("tag")),
        (json!(["late"]), "two", by("later")),
        (json!(["other"]), "two", by_default()),
    ] {
        let mut mail = mails::but("tags", tags);
        mail["headers"] = json!({"X-Stream": stream});
        assert_eq!(way_of(&proxy, &mail).await, expected, "{mail}");
    }
}

#[tokio::test]
async fn a_rule_may_be_for_one_caller() {
    let providers = two().await;
    let keys = settings(&providers).without("SMSP_API_KEY").with("SMSP_API_KEYS", "shop:k1,billing:k2");
    let proxy = Proxy::start(keys.with("SMSP_ROUTES", "caller=bill* -> b")).await;
    for (key, expected) in [("k1", by_default()), ("k2", by("rule_1"))] {
        let answer = proxy.client.post_raw(mails::plain().to_string(), &[("x-api-key", key)]).await;
        assert_eq!(way(&answer.expect(200)), expected, "{key}");
    }
}

#[tokio::test]
async fn a_rule_without_a_pin_leaves_failover_as_it_is_and_a_pin_ends_it() {
    let providers = two().await;
    let proxy = node(&providers, "pinned: tag=otp -> b!; first: tag=offer -> b").await;
    proxy.client.order("b", &json!({"override": "open"})).await.expect(200);
    let offer = proxy.client.send(&mails::but("tags", json!(["offer"]))).await.expect(200);
    assert_eq!(way(&offer), ("a".to_owned(), "first".to_owned()));
    let otp = proxy.client.send(&mails::but("tags", json!(["otp"]))).await.expect_problem(503, "none", true);
    assert_eq!(otp.json["rule"], "pinned", "{otp}");
    assert_eq!(providers[0].mails().len(), 1, "the pinned mail did not go there");
    proxy.client.order("b", &json!({"override": "auto"})).await.expect(200);
    assert_eq!(way_of(&proxy, &mails::but("tags", json!(["otp"]))).await, by("pinned"));
}

#[tokio::test]
async fn a_file_of_rules_is_reloaded_whole_while_serving_or_not_at_all() {
    let (providers, folder) = (two().await, tempfile::tempdir().expect("a temporary folder can be made"));
    let [file, new] = ["routes", "new"].map(|name| folder.path().join(name));
    let write = |text: &str| {
        fs::write(&new, text).and_then(|()| fs::rename(&new, &file)).expect("a temporary file can be written");
    };
    write("# one-time passwords\none: tag=otp -> b\n");
    let path = file.display().to_string();
    let proxy = Proxy::start(settings(&providers).with("SMSP_ROUTES_FILE", &path)).await;
    let mail = mails::but("tags", json!(["otp"]));
    assert_eq!(way_of(&proxy, &mail).await, by("one"));
    write("two: tag=offer -> b\nthree: tag=otp -> c\n");
    eventually("the fault is told of, with its place", async || {
        let problem = "SMSP_ROUTES_FILE: line 2, column 19: names `c`, which is no upstream: there are a, b";
        let told = proxy.logs().iter().any(|event| event["level"] == "ERROR" && event["problem"] == problem);
        when(told, || format!("{:#?}", proxy.logs()))
    })
    .await;
    assert_eq!(way_of(&proxy, &mail).await, by("one"), "the rules before hold, all of them");
    assert_eq!(way_of(&proxy, &mails::but("tags", json!(["offer"]))).await, by_default());
    write("two: tag=offer -> b\nthree: tag=otp -> b\n");
    eventually("the new rules hold", async || {
        let way = way_of(&proxy, &mail).await;
        when(way == by("three"), || format!("{way:?}"))
    })
    .await;
    write("# the rest is still to be written\n");
    eventually("a file without a rule is told of", async || {
        let problem = "SMSP_ROUTES_FILE: column 1: has no rule: to have none, unset the variable";
        let told = proxy.logs().iter().any(|event| event["level"] == "ERROR" && event["problem"] == problem);
        when(told, || format!("{:#?}", proxy.logs()))
    })
    .await;
    assert_eq!(way_of(&proxy, &mail).await, by("three"), "the rules before hold");
}

#[tokio::test]
async fn check_config_prints_the_rules_as_a_table_and_warns_of_pins() {
    let rules = settings(&two().await).with("SMSP_ROUTES", "otp: tag=otp -> b!; from=shop.example -> a:70,b:30");
    let output = run(&["check-config"], &rules).await;
    for line in [
        "SMSP_ROUTES=otp: tag=otp -> b!; from=shop.example -> a:70,b:30",
        "# rule     mail               upstreams",
        "# otp      tag=otp            b, no other",
        "# rule_2   from=shop.example  a 70 %, b 30 %",
        "# default  all other          by SMSP_ROUTING",
    ] {
        assert!(output.stdout.lines().any(|printed| printed == line), "{line}: {output:?}");
    }
    assert!(output.stderr.contains("warning: SMSP_ROUTES: the rule `otp` pins its mail to b"), "{output:?}");
}

#[tokio::test]
async fn faulty_rules_end_the_start_with_64_and_the_column() {
    let providers = two().await;
    for (rules, said) in [
        ("tag=otp -> c", "SMSP_ROUTES: column 12: names `c`, which is no upstream"),
        ("tag=otp b", "SMSP_ROUTES: column 9: has no key `b`"),
        ("tag=a b", "SMSP_ROUTES: column 7: has no key `b`"),
        ("tag=a|b -> a; tag=b -> b", "SMSP_ROUTES: column 15: begins `rule_2`, which no mail reaches"),
    ] {
        let output = run(&["serve"], &settings(&providers).with("SMSP_ROUTES", rules)).await;
        assert_eq!(output.code, Some(64), "{output:?}");
        assert!(output.stderr.contains(said), "{said}: {output:?}");
    }
}
