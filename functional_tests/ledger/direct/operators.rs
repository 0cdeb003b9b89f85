//! Operators: they try sites again that are shut, pause some for a moment, and decide about mail in doubt.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::sleep;

use super::super::random::SeededRng;
use super::callers::Sent;
use super::record::Record;
use crate::harness::database::Database;
use crate::harness::outbox::shown;
use crate::harness::{Answer, Client};

/// From one look at the sites to the next.
const LOOK: Duration = Duration::from_millis(100);
/// Domains stay closed for up to five minutes, and the node that has closed them may be dead.
const OPEN_DOMAINS: [&str; 2] = [
    "update domain set closed_until = 0 where closed_until > 0 returning 1",
    "update smsp_domain set closed_until = 0 where closed_until > 0 returning 1",
];

/// Never ends.
pub(super) async fn mend(nodes: watch::Receiver<Vec<Option<Client>>>, database: Database, rng: SeededRng) {
    for round in 0.. {
        sleep(LOOK).await;
        let clients: Vec<_> = nodes.borrow().iter().flatten().cloned().collect();
        for client in &clients {
            mend_sites(client, rng, round).await;
        }
        database.change(OPEN_DOMAINS).await;
    }
}

/// Every site that is shut is tried again; one that is paused goes on, and another one is paused now and then.
async fn mend_sites(client: &Client, rng: SeededRng, round: usize) {
    let Some(answer) = client.try_ops("/sites").await else { return };
    let sites = answer.json["sites"].as_array().cloned().unwrap_or_default();
    for (number, site) in sites.iter().enumerate() {
        let order = match site["state"].as_str() {
            Some("shut") => json!({"retry": true}),
            Some("paused") => json!({"paused": false}),
            _ if rng.below(&format!("pause {round}"), number, 300) == 0 => json!({"paused": true}),
            _ => continue,
        };
        // The node may be killed at any time.
        let path = format!("/sites/{}", site["key"].as_str().unwrap_or_default());
        let _ = client.try_order(Method::PUT, &path, Some(&order)).await;
    }
}

/// A mail in doubt is left alone, sent again at the risk of a second copy, or settled by what its servers know. How many have
/// heard an order?
pub(super) async fn decide(client: &Client, sent: &[Sent], record: &Record, rng: SeededRng) -> usize {
    let mut decided = 0;
    for one in sent {
        let Some(id) = &one.id else { continue };
        let mail = shown(client, id).await;
        if mail.json["status"] != "unknown" {
            continue;
        }
        let retry = (format!("/outbox/{id}/retry"), None);
        let settle = |word: &str| (format!("/outbox/{id}/settle"), Some(json!({"as": word})));
        let (path, body) = match (rng.below("decide", one.number, 3), taken(one, &mail, record).as_slice()) {
            (0, _) => continue,
            (1, [first, rest @ ..]) if rest.iter().all(|other| other == first) => {
                settle(if *first { "accepted" } else { "none" })
            }
            _ => retry,
        };
        let answer = client.try_order(Method::POST, &path, body.as_ref()).await;
        assert!(answer.as_ref().is_some_and(|answer| answer.status == 200), "{path}: {answer:?}");
        decided += 1;
    }
    decided
}

/// Has a server taken it, for each recipient in doubt?
fn taken(one: &Sent, mail: &Answer, record: &Record) -> Vec<bool> {
    let recipients = mail.json["recipients"].as_array().into_iter().flatten();
    let in_doubt = one.to.iter().zip(recipients).filter(|(_, shown): &(_, &Value)| shown["status"] == "unknown");
    in_doubt.map(|((address, _), _)| record.of(one.number, &address.to_ascii_lowercase()).taken > 0).collect()
}
