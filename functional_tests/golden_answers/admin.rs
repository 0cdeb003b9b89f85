//! What the admin listener answers.

mod calls;
mod nodes;
mod shown;

use std::net::SocketAddr;

use reqwest::Method;
use serde_json::{Value, json};

use super::explained::{BODY, EXPLAIN, full};
use crate::harness::admin::{call, get};
use crate::harness::{Answer, Proxy, mails};
use calls::make;
use nodes::{OPERATOR, VIEWER};
use shown::shown;

const ORDER: &str = "PUT /circuits/{name}";
/// Calls that need a key.
const KEYED: [&str; 4] = ["GET /circuits", ORDER, "GET /audit", EXPLAIN];
/// Calls that need none.
const OPEN: [&str; 3] = ["GET /livez", "GET /readyz", "GET /metrics"];

pub(super) async fn all() -> Vec<Value> {
    let proxy = nodes::with_an_outage().await;
    let admin = proxy.ops;
    [
        health(admin).await,
        vec![nodes::leaving().await],
        explained(admin).await,
        circuits(admin).await,
        refused_orders(admin).await,
        refused_heads(admin).await,
        refused_rights(&proxy).await,
        vec![nodes::slow(admin).await],
    ]
    .concat()
}

fn operator() -> Vec<(&'static str, &'static str)> {
    vec![("x-admin-key", OPERATOR)]
}

async fn health(admin: SocketAddr) -> Vec<Value> {
    let mut metrics = get(admin, "/metrics", &[("accept", "application/openmetrics-text")]).await;
    metrics.text = one_family(&metrics.text, "smsp_circuit_state");
    vec![
        shown("GET /livez", "Alive", &get(admin, "/livez", &[]).await),
        shown("GET /readyz", "Ready", &get(admin, "/readyz", &[]).await),
        shown("GET /metrics", "One metric of many", &metrics),
    ]
}

/// The lines of one metric, in an order that does not change.
fn one_family(page: &str, name: &str) -> String {
    let is_about = |line: &&str| line.starts_with('#') && line.split(' ').nth(2) == Some(name);
    let mut series: Vec<_> = page.lines().filter(|line| line.starts_with(&format!("{name}{{"))).collect();
    series.sort_unstable();
    let lines: Vec<_> = page.lines().filter(is_about).chain(series).chain(["# EOF\n"]).collect();
    lines.join("\n")
}

async fn circuits(admin: SocketAddr) -> Vec<Value> {
    let order = async |order: Value| call(admin, Method::PUT, "/circuits/mg", &operator(), Some(&order)).await;
    let listed = get(admin, "/circuits", &operator()).await;
    let open = order(json!({"override": "open", "for": "2h"})).await;
    let reset = order(json!({"reset": true})).await;
    vec![
        shown("GET /circuits", "One of two providers is out of order", &listed),
        shown(ORDER, "No mail for two hours", &open),
        shown(ORDER, "Reset while an override holds", &reset),
        shown("GET /audit", "Two orders", &get(admin, "/audit", &operator()).await),
        shown("GET /audit", "A query parameter", &get(admin, "/audit?page=2", &operator()).await),
    ]
}

async fn refused_orders(admin: SocketAddr) -> Vec<Value> {
    let json = [operator(), vec![("content-type", "application/json")]].concat();
    let query = "PUT /circuits/{name}?for=2h";
    let unknown = call(admin, Method::PUT, "/circuits/mgg", &operator(), Some(&json!({"reset": true}))).await;
    vec![
        shown(ORDER, "Not JSON", &make(admin, ORDER, &json, "open").await),
        shown(ORDER, "A query parameter", &make(admin, query, &json, r#"{"override": "open"}"#).await),
        shown(ORDER, "No such upstream", &unknown),
        shown(ORDER, "Not an order", &make(admin, ORDER, &json, r#"{"override": "half_open"}"#).await),
        shown(ORDER, "Another content type", &make(admin, ORDER, &operator(), "{}").await),
    ]
}

/// The mail of a sender that no upstream has refused.
async fn explained(admin: SocketAddr) -> Vec<Value> {
    let key = [operator(), vec![("content-type", "application/json")]].concat();
    let ask = async |query: &str, body: String| make(admin, &format!("{EXPLAIN}{query}"), &key, body).await;
    let (mail, invalid) = (mails::from("a@example.org").to_string(), json!({"from": "nobody", "bogus": 1}).to_string());
    let (proxy, _held) = full().await;
    let to_full = make(proxy.ops, &format!("{EXPLAIN}?caller=caller"), &key[1..], " ".repeat(BODY)).await;
    vec![
        shown(EXPLAIN, "One of two circuits is open", &ask("?caller=caller", mail.clone()).await.expect(200)),
        shown(EXPLAIN, "No caller", &ask("", mail.clone()).await),
        shown(EXPLAIN, "Not JSON", &ask("?caller=caller", "hello".to_owned()).await),
        shown(EXPLAIN, "A domain of another caller", &ask("?caller=shop", mail.clone()).await),
        shown(EXPLAIN, "No such caller", &ask("?caller=shp", mail).await),
        nodes::slow_mail(admin).await,
        shown(EXPLAIN, "Invalid fields", &ask("?caller=caller", invalid).await),
        shown(EXPLAIN, "No room for the body", &to_full.expect(503)),
    ]
}

/// More than a call may have, by what its head announces.
async fn too_large(admin: SocketAddr, name: &str) -> Answer {
    if name == EXPLAIN {
        return nodes::announced(admin, name, 26 * 1024 * 1024 + 1).await;
    }
    make(admin, name, &operator(), "x".repeat(64 * 1024 + 1)).await
}

async fn refused_heads(admin: SocketAddr) -> Vec<Value> {
    let mut all = Vec::new();
    for name in OPEN.iter().chain(&KEYED) {
        let encoded = [operator(), vec![("content-encoding", "gzip")]].concat();
        all.push(shown(name, "Too large", &too_large(admin, name).await));
        all.push(shown(name, "A compressed body", &make(admin, name, &encoded, "{}").await));
    }
    all
}

async fn refused_rights(proxy: &Proxy) -> Vec<Value> {
    let (admin, open) = (proxy.ops, nodes::without_keys().await);
    let mut all =
        vec![shown(ORDER, "The key of a viewer", &make(admin, ORDER, &[("x-admin-key", VIEWER)], "{}").await)];
    for name in KEYED {
        all.push(shown(name, "No key", &make(admin, name, &[], "{}").await));
        let elsewhere = make(open.ops, name, &[("host", "smsp.example")], "{}").await;
        all.push(shown(name, "Not from this machine", &elsewhere));
        all.push(shown(name, "Too many wrong keys", &nodes::throttled(admin, name).await));
    }
    all
}
