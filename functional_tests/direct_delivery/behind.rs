//! A node with a provider, and the recipients' own servers behind it.

use std::time::Duration;

use tokio::time::Instant;

use super::fixture::{at, queued};
use crate::harness::database::{Database, on_both_stores};
use crate::harness::mx_host::MxHost;
use crate::harness::outbox::{becomes, hand_overs};
use crate::harness::{Proxy, Reply, Settings, StubProvider};

on_both_stores! {
    mail_that_the_provider_refuses_for_the_account_goes_on_to_the_recipients_servers,
    mail_goes_on_once_no_provider_has_taken_any_for_long_enough,
}

/// With one provider, and `mx` behind it.
fn behind(database: &Database, provider: &StubProvider, host: &MxHost) -> Settings {
    let settings = at(database, host, &["a.example"]).sendgrid(&provider.url());
    settings.with("SMSP_PROVIDERS", "sg,mx").patient_circuits()
}

async fn mail_that_the_provider_refuses_for_the_account_goes_on_to_the_recipients_servers(database: &Database) {
    let (provider, host) = (StubProvider::sendgrid().await, MxHost::start().await);
    let proxy = Proxy::start(behind(database, &provider, &host)).await;
    let first = queued(&proxy, "taken", &["x@a.example"]).await;
    becomes(&proxy.client, &first, "accepted").await;
    assert_eq!((provider.mail_count(), host.heard("CONNECT")), (1, 0), "the provider comes first");
    provider.does(Reply::sendgrid_refuses(401, "no").into());
    let second = queued(&proxy, "refused", &["x@a.example"]).await;
    let mail = becomes(&proxy.client, &second, "accepted").await;
    assert_eq!(hand_overs(&mail), ["sg:account_refused", "mx:accepted"]);
    assert_eq!(host.taken("refused").into_iter().collect::<Vec<_>>(), [("x@a.example".to_owned(), 1)]);
}

async fn mail_goes_on_once_no_provider_has_taken_any_for_long_enough(database: &Database) {
    let (provider, host) = (StubProvider::sendgrid().await, MxHost::start().await);
    let proxy = Proxy::start(behind(database, &provider, &host).with("SMSP_MX_AFTER", "2s")).await;
    proxy.client.order("sg", &serde_json::json!({"override": "open"})).await.expect(200);
    let start = Instant::now();
    let id = queued(&proxy, "after", &["x@a.example"]).await;
    let mail = becomes(&proxy.client, &id, "accepted").await;
    assert!(start.elapsed() >= Duration::from_secs(1), "not before the providers were unusable for that long");
    assert_eq!((hand_overs(&mail), provider.mail_count()), (vec!["mx:accepted".to_owned()], 0));
    assert_eq!(host.taken("after").into_values().sum::<usize>(), 1);
}
