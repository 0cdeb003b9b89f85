//! `SMSP_MAX_RECIPIENTS` alone says how long a list of recipients may be, in whichever shape it comes.

use serde_json::{Value, json};

use crate::harness::{Proxy, Settings, mails};

fn addresses(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("r{number}@example.net")).collect()
}

async fn with_limit(limit: &str) -> Proxy {
    Proxy::start(Settings::mock().with("SMSP_MAX_RECIPIENTS", limit)).await
}

/// As an array, and as one string.
fn shapes(count: usize) -> [Value; 2] {
    let all = addresses(count);
    [mails::but("to", json!(all.join(","))), mails::but("to", json!(all))]
}

#[tokio::test]
async fn a_list_of_a_thousand_is_taken_in_both_shapes() {
    let proxy = with_limit("1000").await;
    for mail in shapes(1000) {
        proxy.client.send(&mail).await.expect(200);
    }
}

#[tokio::test]
async fn a_list_longer_than_a_thousand_is_taken_where_the_setting_allows_it() {
    let proxy = with_limit("2000").await;
    for mail in shapes(1001) {
        proxy.client.send(&mail).await.expect(200);
    }
}
