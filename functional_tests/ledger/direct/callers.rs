//! Callers, who write down what they are told; some cancel at once what they have sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::super::random::SeededRng;
use super::network::Domain;
use crate::harness::{Answer, Client};

const CALLERS: usize = 4;

/// The mails of a run.
#[derive(Clone)]
pub(super) struct Mails {
    pub(super) count: usize,
    pub(super) domains: Arc<Vec<Domain>>,
    pub(super) rng: SeededRng,
    /// Recipients at one domain, and domains of one mail, at most.
    pub(super) most: usize,
}

/// One mail, and its id, if a node has accepted it.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) number: usize,
    pub(super) to: Vec<(String, Domain)>,
    pub(super) id: Option<String>,
    /// What its caller was told where that was no acceptance.
    pub(super) refusal: Option<String>,
    /// Has its caller ordered to cancel it?
    pub(super) is_cancelled: bool,
}

/// Callers at work.
pub(super) struct Calling {
    callers: JoinSet<Vec<Sent>>,
    next: Arc<AtomicUsize>,
    end: usize,
}

impl Mails {
    /// Its recipients in their order.
    fn to(&self, number: usize) -> Vec<(String, Domain)> {
        let below = |about: String, end| self.rng.below(&about, number, end);
        let mut domains: Vec<_> = (0..=below("domains".into(), self.most)).collect();
        domains.iter_mut().for_each(|place| *place = below(format!("domain {place}"), self.domains.len()));
        domains.sort_unstable();
        domains.dedup();
        let mut to = Vec::new();
        for domain in domains.into_iter().map(|place| &self.domains[place]) {
            for recipient in 0..=below(format!("recipients {}", domain.name), self.most) {
                let is_loud = below(format!("case {recipient} {}", domain.name), 4) == 0;
                let name = if is_loud { domain.name.to_ascii_uppercase() } else { domain.name.clone() };
                to.push((format!("r{recipient}.m{number}@{name}"), domain.clone()));
            }
        }
        to
    }
}

impl Calling {
    /// Sends all mails, each to one of the nodes that live; no address: that node is dead.
    pub(super) fn begin(mails: &Mails, nodes: &watch::Receiver<Vec<Option<Client>>>) -> Self {
        let (next, mut callers) = (Arc::<AtomicUsize>::default(), JoinSet::new());
        for _ in 0..CALLERS {
            callers.spawn(work(mails.clone(), nodes.clone(), Arc::clone(&next)));
        }
        Self { callers, next, end: mails.count }
    }

    /// Is every mail on its way?
    pub(super) fn is_done(&self) -> bool {
        self.next.load(Ordering::Relaxed) >= self.end
    }

    pub(super) async fn all(self) -> Vec<Sent> {
        self.callers.join_all().await.into_iter().flatten().collect()
    }
}

async fn work(mails: Mails, mut nodes: watch::Receiver<Vec<Option<Client>>>, next: Arc<AtomicUsize>) -> Vec<Sent> {
    let mut all = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= mails.count {
            return all;
        }
        let to = mails.to(number);
        let addresses: Vec<_> = to.iter().map(|(address, _)| address).collect();
        let from = format!("m{number}@sender.example.com");
        let body = json!({"from": from, "to": addresses, "subject": format!("mail {number}"), "text": "text"});
        let mut sent = Sent { number, to, id: None, refusal: None, is_cancelled: false };
        // Under one key, until somebody answers.
        while sent.id.is_none() && sent.refusal.is_none() {
            let client = living(&mut nodes, number).await;
            let Ok(answer) = post(&client, number, &body.to_string()).await else { continue };
            match (answer.status, answer.json["id"].as_str()) {
                (202, Some(id)) => sent.id = Some(id.to_owned()),
                (503 | 504, _) => {}
                _ => sent.refusal = Some(answer.to_string()),
            }
            if let (Some(id), true) = (sent.id.clone(), mails.rng.below("cancel", number, 10) == 0) {
                sent.is_cancelled = true;
                // The node may be killed at any time.
                let _ = call(&client, Method::DELETE, &format!("/outbox/{id}")).await;
            }
        }
        all.push(sent);
    }
}

/// One of those that live.
async fn living(nodes: &mut watch::Receiver<Vec<Option<Client>>>, number: usize) -> Client {
    let all = nodes.wait_for(|all| all.iter().any(Option::is_some)).await.expect("the nodes are known");
    let living: Vec<_> = all.iter().flatten().collect();
    living[number % living.len()].clone()
}

async fn post(client: &Client, number: usize, body: &str) -> Result<Answer, reqwest::Error> {
    let request = client.request(Method::POST, "/outbox").header("content-type", "application/json");
    let request = request.header("idempotency-key", format!("key-{number}")).header("x-api-key", client.key());
    Answer::try_to(request.body(body.to_owned())).await
}

/// Calls as a caller.
pub(super) async fn call(client: &Client, method: Method, path: &str) -> Result<Answer, reqwest::Error> {
    Answer::try_to(client.request(method, path).header("x-api-key", client.key())).await
}
