//! The store of tests does what every store has to do, so it can stand for one.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::*;
use crate::state::answers::suite::bench::{Bench, Time};
use crate::state::answers::suite::conformance;

conformance!(start);

async fn start() -> Option<Bench> {
    let store = Arc::new(FakeAnswers::default());
    let node = Arc::clone(&store) as Arc<dyn StoredAnswers>;
    Some(Bench { nodes: vec![Arc::clone(&node), node], time: Box::new(Hands(store)), _kept: Box::new(()) })
}

struct Hands(Arc<FakeAnswers>);

impl Time for Hands {
    fn advance(&self, time: Duration) -> BoxFuture<'_, ()> {
        self.0.set_on(time.as_millis().try_into().unwrap_or(i64::MAX));
        ready(()).boxed()
    }
}
