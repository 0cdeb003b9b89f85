//! The rates of upstreams: what is beyond them goes to the next upstream or is 503, and a warm-up follows the date.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::harness::{Answer, Settings, TwoAccounts, mails, run};

async fn send(environment: &TwoAccounts) -> Answer {
    environment.proxy.client.send(&mails::plain()).await
}

/// The date of so many days from today on.
fn date(days: i64) -> String {
    let today = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() / 86_400);
    let since_1970 = today.expect("a day") + days;
    time::Date::from_julian_day(i32::try_from(since_1970).expect("a day") + 2_440_588).expect("a date").to_string()
}

#[tokio::test]
async fn mail_beyond_the_rate_of_an_upstream_goes_to_the_next() {
    let environment = TwoAccounts::patient(&[("SMSP_A_RATE", "100/s,2/h")]).await;
    send(&environment).await.expect(200).expect_attempts(&["a:accepted"]);
    for _ in 0..3 {
        let receipt = send(&environment).await.expect(200);
        assert_eq!(receipt.attempts(), ["a:throttled", "b:accepted"], "{receipt}");
        let spent = json!({"provider": "a", "outcome": "throttled", "reason": "rate_spent", "duration_ms": 0});
        assert_eq!(receipt.at("/attempts/0"), &spent, "{receipt}");
    }
    assert_eq!(environment.mails(), (1, 3));
    let labels = [("upstream", "a"), ("reason", "rate_spent")];
    assert_eq!(environment.proxy.client.metrics().await.count("smsp_skipped_total", &labels), 3);
    let circuit = environment.proxy.client.circuit("a").await;
    assert_eq!((&circuit["state"], &circuit["window"]["ok"]), (&json!("closed"), &json!(1)), "{circuit}");
}

#[tokio::test]
async fn mail_beyond_all_rates_is_503_with_the_time_of_the_next_token() {
    let environment = TwoAccounts::patient(&[("SMSP_RATE", "1/h"), ("SMSP_B_RATE", "2/h")]).await;
    for upstream in ["a", "b"] {
        let receipt = send(&environment).await.expect(200);
        assert_eq!(receipt.at("/provider"), upstream, "{receipt}");
    }
    let answer = send(&environment).await.expect_problem(503, "none", true);
    assert_eq!(answer.attempts(), ["a:throttled", "b:throttled"], "{answer}");
    // The shorter of an hour and half an hour, less what the test has taken.
    assert!((1500..=1800).contains(&answer.retry_after()), "{answer}");
    assert_eq!(environment.mails(), (1, 1));
}

#[tokio::test]
async fn mail_with_a_key_goes_to_the_next_upstream_of_its_key_when_its_own_is_spent() {
    let environment = TwoAccounts::patient(&[("SMSP_ROUTING", "weighted"), ("SMSP_A_RATE", "1/h")]).await;
    let mut ways = BTreeMap::<_, usize>::new();
    for number in 0..20 {
        let key = format!("key-{number}");
        let receipt = environment.proxy.client.send_with(&mails::plain(), &[("Idempotency-Key", &key)]).await;
        *ways.entry(receipt.expect(200).attempts().join(" ")).or_default() += 1;
    }
    // The keys of `b` have nothing to do with it; of those of `a` the first takes the token.
    let of_b = ways["b:accepted"];
    assert_eq!((ways["a:accepted"], ways["a:throttled b:accepted"]), (1, 19 - of_b), "{ways:?}");
    assert!((1..19).contains(&of_b), "{ways:?}");
    assert_eq!(environment.mails(), (1, 19));
}

#[tokio::test]
async fn warm_up_follows_the_date() {
    // Two days ahead: midnight may pass during the test.
    for (first_day, mails, attempt) in [(date(-1), (1, 1), "a:accepted"), (date(2), (0, 2), "a:throttled")] {
        let warm_up = format!("{first_day}:20/d*2..50000/d");
        let environment = TwoAccounts::patient(&[("SMSP_A_RAMP_UP", &warm_up)]).await;
        let receipt = send(&environment).await.expect(200);
        assert_eq!(receipt.attempts()[0], attempt, "{receipt}");
        let receipt = send(&environment).await.expect(200);
        assert_eq!(receipt.attempts(), ["a:throttled", "b:accepted"], "40 a day are one in 36 minutes: {receipt}");
        assert_eq!(environment.mails(), mails, "{warm_up}");
    }
}

#[tokio::test]
async fn upstream_that_is_not_yet_warmed_up_asks_to_wait_for_its_first_day() {
    let warm_up = format!("{}:20/d*2..50000/d", date(3));
    let environment = TwoAccounts::patient(&[("SMSP_RAMP_UP", &warm_up)]).await;
    let answer = send(&environment).await.expect_problem(503, "none", true);
    let day = 86_400;
    assert!((2 * day - 60..=3 * day).contains(&answer.retry_after()), "{answer}");
    assert_eq!(environment.mails(), (0, 0));
}

#[tokio::test]
async fn rate_that_makes_no_sense_is_64_and_names_its_variable() {
    let account = || Settings::accounts(&[("a", "http://127.0.0.1:9")]);
    for (name, value, problem) in [
        ("SMSP_A_RATE", "14", "must be rates such as 14/s or 14/s,50000/d"),
        ("SMSP_A_RATE", "0/s", "must be rates such as"),
        ("SMSP_RATE", "14/s,", "must be rates such as"),
        ("SMSP_A_RATE", "14/s,20/s", "has two rates for the same time"),
        ("SMSP_A_RAMP_UP", "tomorrow:200/d*2..50000/d", "must be the first day, the mails of that day"),
        ("SMSP_RAMP_UP", "2026-12-01:200/h*2..50000/d", "must be the first day"),
        ("SMSP_NODES", "0", "must be a whole number from 1 to 1000"),
        ("SMSP_NODES", "two", "must be a whole number from 1 to 1000"),
    ] {
        let output = run(&["check-config"], &account().with(name, value)).await;
        assert_eq!(output.code, Some(64), "{name}={value}: {output:?}");
        assert!(output.stderr.contains(&format!("{name}: {problem}")), "{name}={value}: {output:?}");
    }
}

#[tokio::test]
async fn check_config_tells_what_the_nodes_come_to_together() {
    let accounts = Settings::accounts(&[("a", "http://127.0.0.1:9"), ("b", "http://127.0.0.1:9")]);
    let accounts = accounts.with("SMSP_A_RATE", "50000/d, 14/s").with("SMSP_A_RAMP_UP", "2026-12-01:200/d*2..50000/d");
    for (nodes, told) in [
        (
            "1",
            "# rates of a: 14/s, 50000/d, warm-up 200/d to 50000/d; this is per node, times the number of nodes: \
             2 nodes come to 28/s, 100000/d, warm-up 400/d to 100000/d (SMSP_NODES divides)",
        ),
        (
            "3",
            "# rates of a: 14/s, 50000/d, warm-up 200/d to 50000/d on 3 nodes: each has 4.66/s (4 at once), \
             16666.66/d (12 at once), warm-up 66.66/d (1 at once) to 16666.66/d (12 at once)",
        ),
        (
            "400",
            "# rates of a: 14/s, 50000/d, warm-up 200/d to 50000/d on 400 nodes: each has 0.03/s (1 at once), \
             125.00/d (1 at once), warm-up 0.50/d (1 at once) to 125.00/d (1 at once)",
        ),
    ] {
        let output = run(&["check-config"], &accounts.clone().with("SMSP_NODES", nodes)).await;
        let lines: Vec<_> = output.stdout.lines().filter(|line| line.starts_with("# rates of")).collect();
        assert_eq!(lines, [told], "{output:?}");
        assert!(output.stdout.contains("SMSP_A_RATE=14/s,50000/d\n"), "{output:?}");
    }
}
