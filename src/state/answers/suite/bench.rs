//! A store under test, and what is asked of it: what every part of the suite begins with.

use std::sync::Arc;
pub(super) use std::time::Duration;

use futures_util::future::BoxFuture;
use uuid::Uuid;

pub(super) use crate::model::message::Id;
use crate::model::message::key::IdempotencyKey;
pub(super) use crate::state::answers::sealing::SealedAnswer;
pub(super) use crate::state::answers::stored::*;

/// An empty store under test.
pub(in crate::state::answers) struct Bench {
    /// As several nodes have it, if several can.
    pub(in crate::state::answers) nodes: Vec<Arc<dyn StoredAnswers>>,
    pub(in crate::state::answers) time: Box<dyn Time>,
    /// What the store needs.
    pub(in crate::state::answers) _kept: Box<dyn Send + Sync>,
}

/// The store's time, which tests move on.
pub(in crate::state::answers) trait Time: Send + Sync {
    /// It is so much later now.
    fn advance(&self, time: Duration) -> BoxFuture<'_, ()>;
}

pub(super) const SECOND: Duration = Duration::from_secs(1);
/// The lease of every call.
pub(super) const LEASE: Duration = Duration::from_secs(20);
/// The caller whose records the tests look at.
pub(super) const CALLER: &str = "shop";

pub(super) fn number(number: u128) -> CallNumber {
    CallNumber(Uuid::from_u128(number))
}

/// The mail of this number under a key, which is the first message there.
pub(super) fn id(key: u8) -> Id {
    Uuid::from_u128(u128::from(key) << 64).into()
}

pub(super) fn call(key: u8, of: u128) -> NewCall {
    let text = key.to_string();
    NewCall {
        key: IdempotencyKey::new(CALLER, &text),
        id: id(key),
        caller: CALLER.into(),
        number: number(of),
        lease: LEASE,
    }
}

pub(super) fn sealed(word: &str) -> SealedAnswer {
    SealedAnswer { key_id: "a".to_owned(), wrapped_key: vec![7; 60], bytes: word.as_bytes().to_vec() }
}

pub(super) fn accepted(word: &str) -> End {
    End::Accepted(Some(sealed(word)))
}

pub(super) fn unknown(word: &str) -> End {
    End::Unknown(Some(sealed(word)))
}

/// What is held of the call of this number since so long.
pub(super) fn held(of: u128, state: Recorded, word: Option<&str>, ended_ago: Duration) -> Begun {
    Begun::Held(Box::new(Record { of: number(of), state, answer: word.map(sealed), ended_ago }))
}

impl Bench {
    /// The store as the first node has it.
    pub(super) fn store(&self) -> &dyn StoredAnswers {
        &*self.nodes[0]
    }

    /// What a call of this number finds under a key.
    pub(super) async fn begin(&self, key: u8, of: u128) -> Begun {
        self.store().begin(call(key, of)).await.expect("the store is there")
    }

    /// What a call that wants to hand over finds under a key, which it must not if anything is known.
    pub(super) async fn finds(&self, key: u8) -> Begun {
        let begun = self.begin(key, 999).await;
        assert_ne!(begun, Begun::InFlight, "nothing is known");
        begun
    }

    pub(super) async fn end(&self, key: u8, of: u128, end: End) -> Settled {
        self.store().end(id(key), number(of), end).await.expect("the store is there")
    }

    /// A call has begun and come to this.
    pub(super) async fn ended(&self, key: u8, of: u128, end: End) {
        assert_eq!(self.begin(key, of).await, Begun::InFlight);
        assert_eq!(self.end(key, of, end).await, Settled::Written);
    }

    pub(super) async fn ask_again(&self, key: u8, of: u128, by: u128) -> bool {
        self.store().ask_again(id(key), number(of), number(by), LEASE).await.expect("the store is there")
    }

    pub(super) async fn advance(&self, time: Duration) {
        self.time.advance(time).await;
    }
}
