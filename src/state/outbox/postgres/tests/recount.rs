//! Counts that are out of step with the rows.

use super::super::counts::recount;
use super::{batch, node, outbox, row, wanted};
use crate::state::outbox::{Outbox, PostgresOutbox};
use crate::state::store::postgres::field;
use crate::state::store::postgres::tests::postmaster::Postmaster;

/// Counts that differ from what the rows say.
const WRONG: &str = "select count(*) from (
        select caller, coalesce(shown, state) as state, smsp_count_place(split, state, route_set, upstream) as place,
            count(*) as rows,
            count(*) filter (where state < 5 and not erased) as held,
            coalesce(sum(size) filter (where state < 5 and not erased), 0) as bytes from smsp_outbox group by 1, 2, 3
    ) o full join (
        select caller, state, place, sum(rows) as rows, sum(held) as held, sum(bytes) as bytes
        from (select * from smsp_count union all select * from smsp_change) c group by caller, state, place
        having sum(rows) <> 0 or sum(held) <> 0 or sum(bytes) <> 0
    ) c using (caller, state, place)
    where (o.rows, o.held, o.bytes) is distinct from (c.rows, c.held, c.bytes)";

async fn wrong(outbox: &PostgresOutbox) -> i64 {
    let mut transaction = outbox.begin().await.unwrap();
    let rows = transaction.query(WRONG, &[]).await.unwrap();
    field(&rows[0], 0).unwrap()
}

async fn corrected(outbox: &PostgresOutbox) -> u64 {
    let mut transaction = outbox.begin().await.unwrap();
    let corrected = recount(&mut transaction).await.unwrap();
    transaction.commit().await.unwrap();
    corrected
}

#[tokio::test]
async fn counts_are_corrected_beside_calls_that_change_them_and_right_ones_are_left_alone() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    outbox.accept(batch((0..5).map(|_| row(None)).collect())).await.unwrap();
    assert_eq!(outbox.claim(node(), &wanted(2)).await.unwrap().len(), 2);
    let mut restore = outbox.begin().await.unwrap();
    for sql in [
        // Of the two states one has a count of this place, and one has none.
        "insert into smsp_count values ('shop', 0, 'a,b', 7, 7, 7), ('shop', 5, 'gone', 1, 1, 1)",
        "alter table smsp_outbox disable trigger user",
        "update smsp_outbox set erased = true where state = 1",
        "alter table smsp_outbox enable trigger user",
    ] {
        restore.execute(sql, &[]).await.unwrap();
    }
    restore.commit().await.unwrap();
    assert_eq!(wrong(&outbox).await, 3);
    let mut under_way = outbox.begin().await.unwrap();
    under_way.execute("update smsp_outbox set state = 8 where row_id = 5", &[]).await.unwrap();
    assert_eq!(corrected(&outbox).await, 3);
    under_way.commit().await.unwrap();
    assert_eq!((wrong(&outbox).await, corrected(&outbox).await), (0, 0));
}
