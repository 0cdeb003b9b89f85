//! What looks after rows and nodes, beside transactions that have locked some of them.

use std::time::Duration;

use super::{DAY, advance, batch, node, outbox, row, wanted};
use crate::state::outbox::{Bound, Buried, Outbox, PostgresOutbox, Swept};
use crate::state::store::postgres::tests::postmaster::Postmaster;
use crate::state::store::postgres::{Transaction, field};

/// A transaction that has locked this row.
async fn locking(outbox: &PostgresOutbox, row: i64) -> Transaction<'_> {
    let mut transaction = outbox.begin().await.unwrap();
    let sql = format!("select row_id from smsp_outbox where row_id = {row} for update");
    assert_eq!(transaction.query(&sql, &[]).await.unwrap().len(), 1);
    transaction
}

#[tokio::test]
async fn a_row_that_somebody_else_has_locked_holds_up_neither_a_burial_nor_a_sweep_of_the_others() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    outbox.accept(batch((0..3).map(|_| row(None)).collect())).await.unwrap();
    assert_eq!(outbox.claim(node(), &wanted(9)).await.unwrap().len(), 3);
    advance(&outbox, Duration::from_secs(60)).await;
    let locked = locking(&outbox, 1).await;
    assert_eq!(outbox.bury(node()).await, Ok(Buried { queued: 2, ..Buried::default() }));
    locked.commit().await.unwrap();
    assert_eq!(outbox.bury(node()).await, Ok(Buried { queued: 1, ..Buried::default() }));
    let swept = async || {
        let Swept { expired, dropped, .. } = outbox.sweep(Bound::STEP).await.unwrap();
        (expired, dropped)
    };
    for (time, [first, then]) in [(DAY, [(2, 0), (1, 0)]), (3 * DAY, [(0, 2), (0, 1)])] {
        advance(&outbox, time).await;
        let locked = locking(&outbox, 2).await;
        assert_eq!(swept().await, first);
        locked.commit().await.unwrap();
        assert_eq!(swept().await, then);
    }
}

#[tokio::test]
async fn a_node_that_was_silent_for_a_day_is_forgotten() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let nodes = async || {
        outbox.sweep(Bound::STEP).await.unwrap();
        let mut transaction = outbox.begin().await.unwrap();
        let rows = transaction.query("select count(*) from smsp_node", &[]).await.unwrap();
        field::<i64>(&rows[0], 0).unwrap()
    };
    outbox.heartbeat(node()).await.unwrap();
    advance(&outbox, DAY / 2).await;
    outbox.heartbeat(node()).await.unwrap();
    advance(&outbox, DAY / 2).await;
    assert_eq!(nodes().await, 2);
    advance(&outbox, Duration::from_millis(1)).await;
    assert_eq!(nodes().await, 1);
}
