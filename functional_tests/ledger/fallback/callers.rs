//! Callers of `POST /email` at several nodes, who repeat their calls at once and later, at the same node and at others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::super::answered;
use super::super::caller::Caller;
use super::super::record::Sent;
use super::super::scenario::Scenario;
use super::call::{Call, Told};
use super::history::History;
use super::listeners::Listeners;
use super::wants::Wants;
use crate::harness::Answer;
use crate::harness::settings::API_KEY;

const CALLERS: usize = 6;
/// Up to so many of these before each mail, so that mails are spread over outages and kills.
const PAUSES: usize = 12;
const PAUSE: Duration = Duration::from_millis(5);
/// More than there are nodes.
const ANY: usize = 60;
/// So often a mail is asked for that is in flight, they say: longer than it takes until a node counts as dead.
const TRIES: usize = 90;

/// Callers at work.
pub(super) struct Calling {
    working: JoinSet<Vec<History>>,
    next: Arc<AtomicUsize>,
    mails: usize,
}

impl Calling {
    /// How many mails are on their way, or were.
    pub(super) fn begun(&self) -> usize {
        self.next.load(Ordering::Relaxed).min(self.mails)
    }

    pub(super) async fn all(self) -> Vec<History> {
        self.working.join_all().await.into_iter().flatten().collect()
    }
}

/// Sends every mail of the scenario.
pub(super) fn call_all(scenario: &Scenario, listeners: &Listeners) -> Calling {
    let (next, mut working) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
    for _ in 0..CALLERS {
        working.spawn(work(scenario.clone(), listeners.clone(), next.clone()));
    }
    Calling { working, next, mails: scenario.mails }
}

async fn work(scenario: Scenario, listeners: Listeners, next: Arc<AtomicUsize>) -> Vec<History> {
    let mut histories = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= scenario.mails {
            return histories;
        }
        let mut history = History::new(Wants::of(number, &scenario));
        send(&scenario, &listeners, &mut history).await;
        histories.push(history);
    }
}

/// One call, or two at once; then, under a key, some more of them.
async fn send(scenario: &Scenario, listeners: &Listeners, history: &mut History) {
    let (wants, rng) = (history.wants, scenario.rng);
    let below = |what: &str, end| rng.below(what, wants.number, end);
    sleep(PAUSE * u32::try_from(below("pause", PAUSES)).expect("small")).await;
    let first = below("node", ANY);
    let together =
        if wants.keyed && below("together", 4) == 0 { vec![first, first + below("other", 2)] } else { vec![first] };
    let calls = together.into_iter().map(|node| call(scenario, listeners, &wants, node));
    for called in join_all(calls).await {
        history.note(called);
    }
    for repeat in 0..if wants.keyed { below("repeats", 4) } else { 0 } {
        history.note(call(scenario, listeners, &wants, first + below(&format!("node of repeat {repeat}"), ANY)).await);
    }
    if history.was_told(Told::Queued)
        && let Some(id) = history.id()
        && let Some(look) = get(listeners, first + 1, &format!("/outbox/{id}")).await
    {
        history.looks.push(look);
    }
}

/// Repeats every mail that has a key, at any node.
pub(super) async fn repeat(scenario: &Scenario, listeners: &Listeners, histories: &mut [History], round: &str) {
    each(histories, async |history: &mut History| {
        let wants = history.wants;
        let node = scenario.rng.below(round, wants.number, ANY);
        history.note(call(scenario, listeners, &wants, node).await);
    })
    .await;
}

/// Repeats every mail that has a key, until it is not in flight any more.
pub(super) async fn repeat_until_known(scenario: &Scenario, listeners: &Listeners, histories: &mut [History]) {
    each(histories, async |history: &mut History| {
        let wants = history.wants;
        let node = scenario.rng.below("the last node", wants.number, ANY);
        for _ in 0..TRIES {
            history.note(call(scenario, listeners, &wants, node).await);
            if history.calls.last().is_none_or(|last| last.told() != Told::InFlight) {
                break;
            }
            sleep(Duration::from_secs(1)).await;
        }
    })
    .await;
}

async fn each(histories: &mut [History], repeat: impl AsyncFn(&mut History)) {
    let keyed = histories.iter_mut().filter(|history| history.wants.keyed);
    stream::iter(keyed).for_each_concurrent(CALLERS, |history| repeat(history)).await;
}

/// Asks for the state of every mail whose id is known, at any node.
pub(super) async fn look_at_all(listeners: &Listeners, histories: &mut [History]) {
    for history in histories {
        let Some(id) = history.id().map(str::to_owned) else { continue };
        let node = history.wants.number;
        history.outbox = get(listeners, node, &format!("/outbox/{id}")).await;
        history.email = get(listeners, node + 1, &format!("/email/{id}")).await;
    }
}

/// What is there, unless the node was killed meanwhile.
async fn get(listeners: &Listeners, node: usize, path: &str) -> Option<Answer> {
    let api = listeners.clone().pick(node).await.api;
    let request = format!("GET {path} HTTP/1.1\r\nhost: smsp\r\nx-api-key: {API_KEY}\r\nx-request-id: {node}\r\n\r\n");
    Caller::new(api).call(node, &request).await.ok()
}

/// One call, at one of the nodes that can be called; or why it has no answer although its node lives.
async fn call(scenario: &Scenario, listeners: &Listeners, wants: &Wants, node: usize) -> Result<Call, String> {
    let listener = listeners.clone().pick(node).await;
    let (at, from, request) = (listener.life, SystemTime::now(), wants.request(scenario));
    let sent = answered::send(&mut Caller::new(listener.api), wants.number, wants.failover, &request).await;
    let sent = match sent {
        Ok(sent) => Some(Sent { keyed: wants.keyed, ..sent }),
        Err(why) if listeners.lives(at) => return Err(why),
        Err(_) => None,
    };
    Ok(Call { at, from, to: SystemTime::now(), sent })
}

impl History {
    fn note(&mut self, called: Result<Call, String>) {
        match called {
            Ok(call) => self.calls.push(call),
            Err(why) => self.unanswered.push(why),
        }
    }
}
