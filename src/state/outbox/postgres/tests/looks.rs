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
    let lists = [outbox.database.begin_to_list().await, outbox.database.begin_to_list().await];
    let (caller, id) = (CallerName::from("shop"), Id::from(Uuid::new_v4()));
    tokio::select! {
        biased;
        _ = outbox.list(&caller, Filter::default(), None, 1) => panic!("a list is one more"),
        found = outbox.status(&caller, id) => assert!(found.is_ok_and(|found| found.is_none())),
    }
    drop(lists);
    let _lookups = [outbox.database.begin_to_look_up().await, outbox.database.begin_to_look_up().await];
    for _ in 0..2 {
        tokio::select! {
            biased;
            _ = outbox.status(&caller, id) => panic!("a status is one more"),
            found = outbox.has(&caller, id) => assert_eq!(found, Ok(false)),
        }
    }
}
