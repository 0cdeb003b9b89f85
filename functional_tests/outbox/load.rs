//! Callers of `POST /outbox`, who write down what they are told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use crate::harness::settings::API_KEY;
use crate::harness::{Answer, mails};
use crate::ledger::caller::{Caller, request_to};

const CALLERS: usize = 8;
/// Mails that a caller sends in one turn: more than before a kill, and not so many that they pile up.
const TURN: usize = 16;
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
}

impl Callers {
    /// Each sends one mail after the other, until it is cut off or its turn is over.
    pub(super) fn call(&self, api: SocketAddr) -> Calling {
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            callers.spawn(self.clone().work(api));
        }
        Calling { callers }
    }

    async fn work(self, api: SocketAddr) -> Vec<Posted> {
        let (mut caller, mut posted) = (Caller::new(api), Vec::new());
        while posted.len() < TURN && posted.last().is_none_or(|last: &Posted| last.answer.is_ok()) {
            posted.push(post(&mut caller, self.next.fetch_add(1, Ordering::Relaxed)).await);
        }
        posted
    }
}

impl Calling {
    /// Waits until their turn is over, or all of them are cut off.
    pub(super) async fn all(self) -> Vec<Posted> {
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
