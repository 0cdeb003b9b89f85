//! Callers of `POST /outbox`, who write down what they are told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::harness::settings::API_KEY;
use crate::harness::{Answer, mails};
use crate::ledger::caller::{Caller, request_to};

const CALLERS: usize = 8;
/// Mails that a caller sends in one turn: a node that accepts faster than it sends does not pile them up.
const TURN: usize = 6;
/// Every second mail has a key.
const KEYED: usize = 2;

/// One mail, and what its caller was told.
pub(super) struct Posted {
    pub(super) number: usize,
    /// Or why there is no answer.
    pub(super) answer: Result<Answer, String>,
}

/// Callers whose mails have numbers that no others have.
#[derive(Clone, Default)]
pub(super) struct Callers {
    next: Arc<AtomicUsize>,
}

/// Callers at work.
pub(super) struct Calling {
    callers: JoinSet<Vec<Posted>>,
    until_cut_off: watch::Sender<bool>,
}

impl Callers {
    /// Each sends one mail after the other, until it is cut off or its turn is over.
    pub(super) fn call(&self, api: SocketAddr) -> Calling {
        let (mut callers, until_cut_off) = (JoinSet::new(), watch::Sender::new(false));
        for _ in 0..CALLERS {
            callers.spawn(self.clone().work(api, until_cut_off.subscribe()));
        }
        Calling { callers, until_cut_off }
    }

    async fn work(self, api: SocketAddr, mut until_cut_off: watch::Receiver<bool>) -> Vec<Posted> {
        let (mut caller, mut posted) = (Caller::new(api), Vec::<Posted>::new());
        while posted.last().is_none_or(|last| last.answer.is_ok()) {
            if posted.len() >= TURN && until_cut_off.wait_for(|goes_on| *goes_on).await.is_err() {
                break;
            }
            posted.push(post(&mut caller, self.next.fetch_add(1, Ordering::Relaxed)).await);
        }
        posted
    }
}

impl Calling {
    /// From now on no turn ends: whenever the node is killed, calls are under way.
    pub(super) fn go_on_until_cut_off(&self) {
        self.until_cut_off.send_replace(true);
    }

    /// Waits until their turn is over, or all of them are cut off.
    pub(super) async fn all(self) -> Vec<Posted> {
        drop(self.until_cut_off);
        self.callers.join_all().await.into_iter().flatten().collect()
    }
}

/// Sends the mail with this number, for the first time or once more.
pub(super) async fn post(caller: &mut Caller, number: usize) -> Posted {
    let (subject, key) = (number.to_string(), format!("key-{number}"));
    let headers = if is_keyed(number) { vec![("idempotency-key", key.as_str())] } else { Vec::new() };
    let request = request_to("/outbox", API_KEY, number, &mails::with_subject(&subject).to_string(), &headers);
    Posted { number, answer: caller.call(number, &request).await }
}

/// May it be sent once more, and be one mail all the same?
pub(super) fn is_keyed(number: usize) -> bool {
    number.is_multiple_of(KEYED)
}
