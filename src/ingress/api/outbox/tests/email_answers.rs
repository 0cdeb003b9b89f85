//! Answers to calls under `/email` that are what they are because there is a store.

use std::sync::atomic::Ordering;

use serde_json::Value;

use super::fixture::{Answer, Node, mail};
use super::shown::{ID, of_upstream, shown};
use crate::delivery::dispatch::fixture::Act;
use crate::model::outcome::Outcome;
use crate::service::outbox::fake::{Fault, NOW};
use crate::state::answers::fake::Fault as Silence;
use crate::state::outbox::{State, TriedAt};

const SEND: &str = "POST /email";
const KNOWN: &str = "GET /email/{id}";

pub(super) async fn queued() -> Vec<Value> {
    let node = Node::new();
    let mut all = vec![shown(SEND, "Queued, as the call asked for", &node.async_email("order-17").await)];
    for (title, state, outcome) in [
        ("A repeat of a queued mail", State::Queued, Some("throttled")),
        ("A repeat of a queued mail that a provider took", State::Accepted, Some("accepted")),
        ("A repeat of a queued mail that a provider may have", State::Unknown, None),
        ("A repeat of a queued mail whose time was over", State::Expired, Some("unavailable")),
        ("A repeat of a queued mail that was cancelled", State::Cancelled, None),
    ] {
        node.store.put_all(state);
        let tried = TriedAt {
            upstream: "u0".into(),
            at: NOW,
            took_ms: Some(40),
            outcome: outcome.map(str::to_owned),
            reason: outcome.map(|_| "http_429".to_owned()),
            code: None,
            provider_message_id: None,
            late: false,
        };
        node.store.rows.lock().unwrap()[0].status.attempts = vec![tried];
        all.push(shown(SEND, title, &node.async_email("order-17").await));
    }
    node.store.does(Some(Fault::Unclear));
    all.push(shown(SEND, "The store did not say whether it keeps the mail", &node.async_email_once().await));
    all.push(shown(SEND, "The outbox alone delivers it, and the call may not queue it", &alone().await));
    all
}

/// The answer to a mail whose route leads to `mx`, of a call that does not let it be queued.
async fn alone() -> Answer {
    let node = Node::new();
    node.delivers_directly();
    let headers = [&Node::KEY[..], &[("x-smsp-fallback", "never")]].concat();
    node.call("POST", "/email", &headers, &mail().to_string()).await
}

/// What is known of mails that were sent at once.
pub(super) async fn known() -> Vec<Value> {
    let node = Node::sending(&[Act::Say(Outcome::Accepted), Act::Say(Outcome::Unknown)]);
    let look = async |id: &str| node.get(&format!("/email/{id}")).await;
    let accepted = node.keyed("/email", "order-17", &mail()).await.text("/id");
    let unknown = node.post("/email", &mail()).await.text("/id");
    let queued = node.post("/outbox", &mail()).await.text("/id");
    let mut all = vec![
        of_upstream(KNOWN, "It was accepted", &look(&accepted).await),
        of_upstream(KNOWN, "A provider may have it", &look(&unknown).await),
        of_upstream(KNOWN, "The outbox has it", &look(&queued).await),
        shown(KNOWN, "No such mail", &look(ID).await),
        shown(KNOWN, "A query parameter", &node.get(&format!("/email/{ID}?full=true")).await),
    ];
    *node.answers.fault.lock().unwrap() = Some(Silence::Down);
    all.extend([
        shown(KNOWN, "The store is down", &look(&accepted).await),
        shown(SEND, "The store is down, and the mail has a key", &node.keyed("/email", "order-18", &mail()).await),
    ]);
    node.answers.is_elsewhere.store(true, Ordering::Relaxed);
    all.push(shown(SEND, "Another call is under way", &node.keyed("/email", "order-18", &mail()).await));
    all
}
