//! Looks at mail, which callers may take as often as they like, beside what is written.

use super::*;
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::state::outbox::{Filter, Outbox};
use crate::state::store::postgres::tests::postmaster::Postmaster;

#[tokio::test]
async fn looks_that_wait_for_each_other_hold_up_no_other_call() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let _looks = [outbox.database.begin_to_read().await, outbox.database.begin_to_read().await];
    let (caller, id) = (CallerName::from("shop"), Id::from(Uuid::new_v4()));
    for _ in 0..2 {
        tokio::select! {
            biased;
            _ = outbox.status(&caller, id) => panic!("a status is a look"),
            _ = outbox.list(&caller, Filter::default(), None, 1) => panic!("a list is one"),
            found = outbox.has(&caller, id) => assert_eq!(found, Ok(false)),
        }
    }
}
