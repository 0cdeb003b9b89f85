//! The dashboard under load: no panel is empty, also while nodes have their upstreams in another order, and where a node is
//! scraped by two jobs.

use std::time::Duration;

use serde_json::Value;

use super::node::{Node, with_outbox};
use super::prometheus::Prometheus;
use super::rules::shortened;
use crate::harness::outbox::queue;
use crate::harness::repository::{read, root};
use crate::harness::wait::{eventually_within, when};
use crate::harness::{Settings, mails};

const LONG: Duration = Duration::from_secs(90);
/// What Grafana puts in the place of its variables.
const VARIABLES: [(&str, &str); 3] = [("$__rate_interval", "2s"), ("$__range", "1m"), ("$job", "node|stored|again")];

fn panels() -> Vec<Value> {
    let dashboard = read(&root().join("k8s/components/monitoring/dashboard.json"));
    let dashboard: Value = serde_json::from_str(&dashboard).expect("the dashboard is JSON");
    dashboard["panels"].as_array().expect("panels").clone()
}

/// Its queries.
fn targets(panel: &Value) -> impl Iterator<Item = (&Value, &str)> {
    let targets = panel["targets"].as_array().into_iter().flatten();
    targets.map(|target| (target, target["expr"].as_str().expect("a query")))
}

/// Every query, with the title of its panel.
fn queries() -> Vec<(String, String)> {
    let panels = panels();
    let targets = panels.iter().flat_map(|panel| {
        targets(panel).map(|(_, expr)| (panel["title"].to_string(), expr.to_owned())).collect::<Vec<_>>()
    });
    let filled = |expr: String| VARIABLES.iter().fold(expr, |expr, (name, value)| expr.replace(name, value));
    targets.map(|(title, expr)| (title, filled(expr))).collect()
}

#[test]
fn a_panel_of_one_number_asks_for_one_and_no_panel_cuts_off_what_is_below_zero() {
    for panel in panels() {
        for (target, expr) in targets(&panel) {
            assert!(panel["type"] != "stat" || target["instant"] == true, "{}: {target}", panel["title"]);
            // The time until something has happened is below zero from then on.
            let min = &panel["fieldConfig"]["defaults"]["min"];
            assert!(!expr.contains("- time()") || min.is_null(), "{}: {min}", panel["title"]);
        }
    }
}

/// As a node has its upstreams after an upgrade that changes their order.
fn reversed(settings: Settings) -> Settings {
    let names = settings.get("SMSP_PROVIDERS").expect("upstreams").rsplit(',').collect::<Vec<_>>().join(",");
    settings.with("SMSP_PROVIDERS", &names)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_panel_of_the_dashboard_is_empty_under_load() {
    let keys = |settings: Settings| settings.with("SMSP_API_KEYS", "billing:key-of-billing;until=2099-12-31");
    let node = Node::patient(|settings, _| keys(settings)).await;
    let stored = Node::patient(|settings, directory| with_outbox(reversed(settings), directory)).await;
    let nodes = [("node", node.proxy.ops), ("stored", stored.proxy.ops), ("again", stored.proxy.ops)];
    let Some(prometheus) = Prometheus::of(&nodes, &shortened(Duration::from_secs(1))).await else { return };
    let queries = queries();
    assert!(queries.len() > 40, "{queries:#?}");
    eventually_within(LONG, "every panel has values", async || {
        for node in [&node, &stored] {
            node.proxy.client.send(&mails::plain()).await;
        }
        queue(&stored.proxy.client, &mails::plain()).await;
        let mut empty = Vec::new();
        for (title, expr) in &queries {
            // Without an observation a quantile is no number.
            if !prometheus.query(expr).await?.iter().any(|sample| sample.value.is_finite()) {
                empty.push(format!("{title}: {expr}"));
            }
        }
        when(empty.is_empty(), || format!("empty:\n{}", empty.join("\n")))
    })
    .await;
}
