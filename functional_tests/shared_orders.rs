//! Orders for circuits with a store: they survive `kill -9`, reach all nodes, and are possible while the store is away.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::admin::{call, get, order};
use crate::harness::bouncer::Bouncer;
use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::{Store, becomes, queued};
use crate::harness::postmaster::Postmaster;
use crate::harness::wait::when;
use crate::harness::{Answer, Proxy, Settings, StubProvider, eventually, mails};

on_both_stores! {
    an_override_survives_kill_9_with_its_end_and_so_does_the_audit_log,
    pages_of_the_audit_log_follow_each_other,
    orders_are_kept_for_as_long_as_is_configured,
    an_override_without_an_outbox_is_kept_too,
    at_a_start_no_mail_leaves_through_a_circuit_that_is_held_open,
}

async fn audit(node: &Proxy, query: &str) -> Answer {
    get(node.ops, &format!("/audit{query}"), &[]).await.expect(200)
}

async fn records(node: &Proxy) -> Vec<Value> {
    let audit = audit(node, "").await;
    assert_eq!(audit.at("/records_of"), "all_nodes", "{audit}");
    audit.at("/records").as_array().cloned().unwrap_or_default()
}

/// Waits until the override at this node is this.
async fn holds(node: &Proxy, to: &str) -> Value {
    eventually(&format!("the override is {to}"), async || {
        let circuit = node.client.circuit("mock").await;
        when(circuit["override"] == to, || circuit.to_string()).map(|()| circuit)
    })
    .await
}

/// As the kernel does it that has no memory left.
async fn kill(node: Proxy) {
    node.process.signal("KILL");
    drop(node);
}

async fn an_override_survives_kill_9_with_its_end_and_so_does_the_audit_log(database: &Database) {
    let settings = database.under(Settings::mock());
    let node = Proxy::start(settings.clone()).await;
    let shown = order(node.ops, &[], &json!({"override": "open", "for": "1h"})).await.expect(200);
    assert_eq!((shown.at("/orders_in_store"), shown.at("/override_by")), (&json!(true), &json!("loopback")), "{shown}");
    let since = shown.at("/override_since").clone();
    kill(node).await;
    let node = Proxy::start(settings.clone()).await;
    // No wait: it was read before the node served.
    let circuit = node.client.circuit("mock").await;
    assert_eq!((&circuit["override"], &circuit["override_since"]), (&json!("open"), &since), "{circuit}");
    let left = circuit["override_ends_in_ms"].as_u64().unwrap_or_default();
    assert!((3_000_000..=3_600_000).contains(&left), "{circuit}");
    order(node.ops, &[], &json!({"override": "closed", "for": "1ms"})).await.expect(200);
    kill(node).await;
    let node = Proxy::start(settings).await;
    holds(&node, "auto").await;
    let records = eventually("the end is recorded", async || {
        let records = records(&node).await;
        when(records.len() == 3, || format!("{records:#?}")).map(|()| records)
    })
    .await;
    let told = |record: &Value| (record["who"].clone(), record["order"].clone(), record["node"].is_string());
    assert_eq!(told(&records[0]), (json!("timer"), json!({"override": "auto"}), true));
    assert_eq!(told(&records[1]), (json!("loopback"), json!({"override": "closed", "for": "1ms"}), true));
    assert_eq!(told(&records[2]), (json!("loopback"), json!({"override": "open", "for": "1h"}), true));
    assert_eq!(records[2]["before"]["override"], "auto", "{}", records[2]);
    assert!(records[2]["from"].is_string() && records[0]["from"].is_null(), "{records:#?}");
}

async fn orders_are_kept_for_as_long_as_is_configured(database: &Database) {
    let settings = database.under(Settings::mock()).with("SMSP_AUDIT_KEEP", "3d");
    let node = Proxy::start(settings.clone()).await;
    for time in ["1h", "2h"] {
        order(node.ops, &[], &json!({"override": "open", "for": time})).await.expect(200);
    }
    kill(node).await;
    // The first one is four days old, the second one two.
    let older = |table| format!("update {table} set at = at - 86400000 * (6 - 2 * number) returning 1");
    assert_eq!(database.change([&older("audit"), &older("smsp_audit")]).await, 2);
    let node = Proxy::start(settings).await;
    let kept = eventually("one order is dropped", async || {
        let records = records(&node).await;
        when(records.len() == 1, || format!("{records:#?}")).map(|()| records)
    })
    .await;
    assert_eq!(kept[0]["order"]["for"], "2h", "{kept:#?}");
}

/// Mailgun comes first, and would have the mail before anybody could let it go to SendGrid.
async fn at_a_start_no_mail_leaves_through_a_circuit_that_is_held_open(database: &Database) {
    let (mailgun, sendgrid) = (StubProvider::mailgun().await, StubProvider::sendgrid().await);
    let settings = database.under(Settings::mailgun_then_sendgrid(&mailgun.url(), &sendgrid.url()));
    let node = Proxy::start(settings.clone()).await;
    for upstream in ["mg", "sg"] {
        node.client.order(upstream, &json!({"override": "open"})).await.expect(200);
    }
    let id = queued(&node.client, &mails::plain()).await;
    kill(node).await;
    // The next node claims it as soon as it can.
    let due = ["update envelope set due = 0 returning 1", "update smsp_outbox set due = 0 returning 1"];
    assert_eq!(database.change(due).await, 1);
    let node = Proxy::start(settings).await;
    node.client.order("sg", &json!({"override": "auto"})).await.expect(200);
    becomes(&node.client, &id, "accepted").await;
    assert_eq!((mailgun.mail_count(), sendgrid.mail_count()), (0, 1), "{}", node.process.evidence());
}

async fn pages_of_the_audit_log_follow_each_other(database: &Database) {
    let node = Proxy::start(database.under(Settings::mock())).await;
    let opens = async |time: &str| {
        order(node.ops, &[], &json!({"override": "open", "for": time})).await.expect(200);
    };
    let pauses = async |paused: bool| {
        call(node.ops, Method::PUT, "/outbox", &[], Some(&json!({ "paused": paused }))).await.expect(200);
    };
    opens("1m").await;
    opens("2m").await;
    pauses(true).await;
    opens("3m").await;
    pauses(false).await;
    pauses(true).await;
    opens("4m").await;
    let expected = ["4m", "pause", "go_on", "3m", "pause", "2m", "1m"];
    for limit in [1, 2, 3, 7, 1000] {
        let (mut query, mut seen) = (format!("?limit={limit}"), Vec::new());
        loop {
            let page = audit(&node, &query).await;
            let records = page.at("/records").as_array().cloned().unwrap_or_default();
            assert!(records.len() <= limit, "{page}");
            let told =
                |record: &Value| record["order"]["for"].as_str().or(record["outbox"].as_str()).map(str::to_owned);
            seen.extend(records.iter().filter_map(told));
            let Some(next) = page.json["next"].as_str() else { break };
            query = format!("?limit={limit}&after={next}");
        }
        assert_eq!(seen, expected, "pages of {limit}");
    }
    for (wrong, field) in [
        ("?limit=0", "limit"),
        ("?after=x", "after"),
        ("?page=1", "page"),
        ("?limit=1001", "limit"),
        ("?limit=5&limit=5", "limit"),
    ] {
        let answer = get(node.ops, &format!("/audit{wrong}"), &[]).await.expect(400);
        assert_eq!(answer.at("/type"), "urn:smsp:problem:malformed", "{answer}");
        assert_eq!(answer.at("/errors/0/field"), field, "{answer}");
    }
}

async fn an_override_without_an_outbox_is_kept_too(database: &Database) {
    let settings = database.under(Settings::mock()).without("SMSP_OUTBOX").without("SMSP_OUTBOX_MIN_FREE");
    let node = Proxy::start(settings.clone()).await;
    order(node.ops, &[], &json!({"override": "open"})).await.expect(200);
    kill(node).await;
    let node = Proxy::start(settings).await;
    assert_eq!(node.client.circuit("mock").await["override"], "open");
}

/// Three nodes on this database: what is ordered at one holds at the others, its end and a reset too.
async fn reaches_all(url: &str) {
    let settings = || Store::at(url).under(Settings::mock());
    let nodes = [Proxy::start(settings()).await, Proxy::start(settings()).await, Proxy::start(settings()).await];
    order(nodes[0].ops, &[], &json!({"override": "open"})).await.expect(200);
    for node in &nodes {
        let circuit = holds(node, "open").await;
        assert_eq!(circuit["override_by"], "loopback", "{circuit}");
    }
    order(nodes[1].ops, &[], &json!({"override": "closed", "for": "6s"})).await.expect(200);
    for node in &nodes {
        let circuit = holds(node, "closed").await;
        assert!(circuit["override_ends_in_ms"].is_u64(), "{circuit}");
    }
    for node in &nodes {
        holds(node, "auto").await;
    }
    let generations = async || {
        let mut generations = Vec::new();
        for node in &nodes {
            generations.push(node.client.circuit("mock").await["generation"].as_u64().unwrap_or_default());
        }
        generations
    };
    let before = generations().await;
    order(nodes[2].ops, &[], &json!({"reset": true})).await.expect(200);
    eventually("each node has reset its circuit", async || {
        let after = generations().await;
        when(before.iter().zip(&after).all(|(before, after)| before < after), || format!("{before:?} {after:?}"))
    })
    .await;
    // Of the end on three nodes there is one record.
    let recorded = eventually("all is recorded", async || {
        let records = records(&nodes[0]).await;
        when(records.len() >= 4, || format!("{records:#?}")).map(|()| records)
    })
    .await;
    let who: Vec<_> = recorded.iter().map(|record| record["who"].as_str().unwrap_or_default()).collect();
    assert_eq!(who, ["loopback", "timer", "loopback", "loopback"], "{recorded:#?}");
    eventually("the log says what was taken over, and from whom", async || {
        let logs = nodes[2].logs();
        let taken =
            logs.iter().any(|line| line["message"] == "order taken over from the store" && line["who"] == "loopback");
        when(taken, || format!("{logs:#?}"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_at_one_node_holds_at_all_nodes_of_its_database_until_its_time_is_over() {
    let Some(server) = Postmaster::shared() else { return };
    reaches_all(&server.url(&server.database().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_reaches_all_nodes_behind_pgbouncer() {
    let Some(server) = Postmaster::shared() else { return };
    let Some(bouncer) = Bouncer::before(server) else { return };
    reaches_all(&bouncer.url(&server.database().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_while_the_database_is_dead_or_silent_holds_at_its_node_and_reaches_the_others_once_it_is_back() {
    let Some(server) = Postmaster::start() else { return };
    let settings = Store::at(&server.url(&server.database().await)).under(Settings::mock());
    let nodes = [Proxy::start(settings.clone()).await, Proxy::start(settings).await];
    for (to, stop, go_on) in [
        ("open", Postmaster::kill as fn(&Postmaster), Postmaster::restart as fn(&Postmaster)),
        ("closed", Postmaster::pause, Postmaster::resume),
    ] {
        stop(&server);
        let shown = order(nodes[0].ops, &[], &json!({"override": to})).await.expect(200);
        assert_eq!((shown.at("/override"), shown.at("/orders_in_store")), (&json!(to), &json!(false)), "{shown}");
        let other = nodes[1].client.circuit("mock").await;
        assert_ne!(other["override"], to, "{other}");
        let remembered = audit(&nodes[0], "").await;
        assert_eq!(remembered.at("/records_of"), "this_node", "{remembered}");
        assert_eq!(remembered.at("/records/0/order/override"), to, "{remembered}");
        let metrics = nodes[0].client.metrics().await;
        assert!(metrics.gauge("smsp_circuit_orders_unwritten", &[]) > 0.5, "{}", metrics.page);
        go_on(&server);
        holds(&nodes[1], to).await;
        eventually("it is in the store", async || {
            let circuit = nodes[0].client.circuit("mock").await;
            when(circuit["orders_in_store"] == true && circuit["override"] == to, || circuit.to_string())
        })
        .await;
    }
    assert_eq!(records(&nodes[1]).await.len(), 2, "each once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_starts_while_the_database_is_dead_and_takes_over_what_holds_later() {
    let Some(server) = Postmaster::start() else { return };
    let settings = Store::at(&server.url(&server.database().await)).under(Settings::mock());
    let node = Proxy::start(settings.clone()).await;
    order(node.ops, &[], &json!({"override": "open"})).await.expect(200);
    kill(node).await;
    server.kill();
    let node = Proxy::start(settings).await;
    assert_eq!(node.client.circuit("mock").await["override"], "auto");
    server.restart();
    holds(&node, "open").await;
}
