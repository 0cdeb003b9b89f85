//! What is counted of calls to the store, and that a call without an answer counts nothing.

use futures_util::FutureExt;

use super::super::suite::bench::row;
use super::*;
use crate::service::outbox::fake::{FakeStore, Fault};

#[tokio::test]
async fn mail_whose_acceptance_has_begun_and_has_no_answer_is_counted_as_unclear() {
    let (page, store) = (Metrics::default(), Arc::new(FakeStore::default()));
    let room = Room { rows: 10, bytes: 1000 };
    let outbox = CountedOutbox::new(store.clone(), Arc::new(metrics_of(&page, room)));
    for (fault, unclear) in
        [(Some(Fault::Down), 0), (Some(Fault::Unclear), 1), (None, 1), (Some(Fault::Silent), 1), (Some(Fault::Hang), 2)]
    {
        store.does(fault);
        let rows = vec![row(1)];
        let batch = Batch {
            withdrawal: Withdrawal::default(),
            caller: "shop".into(),
            rows,
            atomic: false,
            room,
            callers_room: room,
        };
        // Nobody waits for an answer that does not come at once.
        drop(outbox.accept(batch).now_or_never());
        let line = format!("smsp_outbox_unclear_total {unclear}");
        assert!(page.render().lines().any(|seen| seen == line), "{line} is not in\n{}", page.render());
    }
}
