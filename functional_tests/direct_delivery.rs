//! Mail whose route leads to `mx`, as callers and operators see it at a node without any provider.

mod behind;
mod bounces;
mod certificates;
mod families;
mod fixture;
mod kills;
mod mini_mailgun;
mod named;
mod names;
mod policies;
mod real_servers;
mod verdicts;

use serde_json::json;

use crate::harness::database::Database;
use crate::harness::outbox::{id, shown};
use crate::harness::wait::when;
use crate::harness::{Proxy, Settings, eventually, mails, run};
use fixture::alone;

#[tokio::test]
async fn node_without_a_provider_serves_and_says_where_its_mail_goes() {
    let database = Database::sqlite();
    let settings = alone(&database).with("SMSP_ALL_OPEN", "unhealthy");
    let checked = run(&["check-config"], &settings).await;
    assert_eq!(checked.code, Some(0), "{checked:?}");
    for line in ["SMSP_PROVIDERS=mx", "SMSP_MX_HELO=mail.example.org", "SMSP_MX_AFTER=15m", "# ok: mx"] {
        assert!(checked.stdout.lines().any(|shown| shown.starts_with(line)), "{line}: {checked:?}");
    }
    let proxy = Proxy::start(settings).await;
    assert_eq!(proxy.client.get("/healthcheck").await.expect(200).json["status"], "serving", "no circuit is open");
    let says_so = |line: &serde_json::Value| line["message"] == "started" && line["upstreams"] == "mx";
    eventually("the line of a start names mx", async || {
        let logs = proxy.logs();
        when(logs.iter().any(says_so), || format!("{logs:#?}"))
    })
    .await;
    assert_eq!(proxy.client.ops("/circuits").await.expect(200).json, json!({"circuits": []}));
    let admin = Settings::empty().with("SMSP_ADMIN_HOST", "127.0.0.1");
    let circuits = run(&["circuits"], &admin.with("SMSP_ADMIN_PORT", &proxy.ops.port().to_string())).await;
    assert!(circuits.stdout.contains("no provider is configured"), "{circuits:?}");
    let explained = proxy.client.explain(&mails::plain(), &[]).await.expect(200).json;
    assert_eq!(explained, json!({"plan": [], "mx": true, "would": "none"}));
}

#[tokio::test]
async fn mail_that_is_to_be_sent_now_is_refused_with_the_way_out_or_queued() {
    let database = Database::sqlite();
    let proxy = Proxy::start(alone(&database)).await;
    let refused = proxy.client.send(&mails::plain()).await.expect_problem(503, "none", false);
    assert_eq!(refused.json["type"], "urn:smsp:problem:outbox-alone", "{refused}");
    assert!(refused.json["detail"].as_str().is_some_and(|detail| detail.contains("POST /outbox")), "{refused}");
    let asked_for = proxy.client.send_with(&mails::plain(), &[("Prefer", "respond-async")]).await.expect(202);
    assert_eq!(asked_for.json["delivery"], "queued", "{asked_for}");
    drop(proxy);
    let proxy = Proxy::start(alone(&database).with("SMSP_OUTBOX_FALLBACK", "true")).await;
    let queued = proxy.client.send(&mails::plain()).await.expect(202);
    assert_eq!(shown(&proxy.client, &id(&queued)).await.expect(200).json["id"], queued.json["id"]);
}
