//! Callers of both ways in, who write down what they are told.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use super::super::caller::{Caller, request_to};
use super::super::mail;
use super::super::scenario::Scenario;
use crate::harness::Answer;
use crate::harness::settings::API_KEY;

const CALLERS: usize = 6;

/// A way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Outbox,
    Email,
}

/// One mail, and what its caller was told.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) number: usize,
    pub(super) by: By,
    /// Its status and its body; none, if the node was killed before that.
    pub(super) answer: Option<(u16, serde_json::Value)>,
}

impl Told {
    /// The id of a mail that the outbox has accepted.
    pub(super) fn id(&self) -> Option<&str> {
        let (_, body) = self.answer.as_ref().filter(|(status, _)| *status == 202)?;
        body["id"].as_str()
    }

    /// Does its caller not know?
    pub(super) fn is_unclear(&self) -> bool {
        self.answer.as_ref().is_none_or(|(status, _)| *status == 504)
    }
}

/// Callers at work.
pub(super) struct Calling {
    callers: JoinSet<Vec<Told>>,
    next: Arc<AtomicUsize>,
    end: usize,
}

impl Calling {
    /// Is every mail on its way?
    pub(super) fn is_done(&self) -> bool {
        self.next.load(Ordering::Relaxed) >= self.end
    }

    pub(super) async fn all(self) -> Vec<Told> {
        self.callers.join_all().await.into_iter().flatten().collect()
    }
}

/// Sends these mails, until they are cut off; those that were never sent are nobody's.
pub(super) fn call(scenario: &Scenario, api: SocketAddr, mails: Range<usize>) -> Calling {
    let (next, mut callers) = (Arc::new(AtomicUsize::new(mails.start)), JoinSet::new());
    for _ in 0..CALLERS {
        callers.spawn(work(scenario.clone(), api, next.clone(), mails.end));
    }
    Calling { callers, next, end: mails.end }
}

async fn work(scenario: Scenario, api: SocketAddr, next: Arc<AtomicUsize>, end: usize) -> Vec<Told> {
    let (mut caller, mut told) = (Caller::new(api), Vec::new());
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= end {
            return told;
        }
        let one = send(&scenario, &mut caller, number).await;
        let is_cut_off = one.answer.is_none();
        told.push(one);
        if is_cut_off {
            return told;
        }
    }
}

/// One of three comes by `POST /email`; of the others every second one has a key.
async fn send(scenario: &Scenario, caller: &mut Caller, number: usize) -> Told {
    let key = format!("key-{number}");
    let (by, path, headers) = match number % 3 {
        0 => (By::Email, "/email", Vec::new()),
        1 => (By::Outbox, "/outbox", vec![("idempotency-key", key.as_str())]),
        _ => (By::Outbox, "/outbox", Vec::new()),
    };
    let request = request_to(path, API_KEY, number, &mail::numbered(number, scenario).to_string(), &headers);
    let answer = caller.call(number, &request).await.ok();
    Told { number, by, answer: answer.map(|Answer { status, json, .. }| (status, json)) }
}

/// Sends those once more that have a key and whose callers do not know.
pub(super) async fn repeat_unclear(scenario: &Scenario, api: SocketAddr, told: &mut [Told]) {
    let mut caller = Caller::new(api);
    for one in told.iter_mut().filter(|one| one.is_unclear() && one.number % 3 == 1) {
        *one = send(scenario, &mut caller, one.number).await;
    }
}
