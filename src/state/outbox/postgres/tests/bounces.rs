//! What looks for bounces walks through no other mail, whatever the database knows of its tables.

use std::time::Duration;

use tokio_postgres::types::Type;

use super::super::bounces::{FIRST, OF_PART};
use super::{batch, node, outbox, row, wanted};
use crate::state::outbox::suite::parting::{domain, told, wanted_parts};
use crate::state::outbox::{
    Bound, NewPart, NewRow, Order, OrderAll, Outbox, PartHold, PartTo, Parts, PostgresOutbox, Selection, Split, State,
};
use crate::state::store::postgres::field;
use crate::state::store::postgres::tests::postmaster::Postmaster;

/// Twenty thousand mails that have ended, each with a part that was refused; of one in a thousand a bounce is due.
const ROWS: [&str; 3] = [
    "insert into smsp_submission (id, caller, from_domain, size, accepted_at, send_at)
        select gen_random_uuid(), 'shop', 'example.org', 100, n, n from generate_series(1, 20000) n",
    "insert into smsp_outbox (row_id, caller, size, accepted_at, lane, route_set, rules, state, changed_at, due,
            expires_at, split, upstream, bounces, bounce_due)
        select row_id, caller, size, accepted_at, 1, 'mx', 1, 6, 1, 1, 9000000000000000, 2, 'mx', true,
            case when row_id % 1000 = 0 then row_id end
        from smsp_submission",
    "insert into smsp_part (row_id, domain, places, lane, accepted_at, state, due, expires_at)
        select row_id, ''::bytea, '0', 1, row_id, 6, 1, 9000000000000000 from smsp_outbox",
];

#[tokio::test]
async fn what_is_due_is_found_by_an_index_that_has_nothing_else() {
    let Some(server) = Postmaster::shared() else { return };
    for known in ["select", "analyze smsp_submission, smsp_outbox, smsp_part"] {
        let outbox = outbox(&server.url(&server.database().await)).await;
        let mut transaction = outbox.begin().await.unwrap();
        for sql in ROWS.iter().chain([&known]) {
            transaction.execute(sql, &[]).await.unwrap();
        }
        let first: i64 =
            field(&transaction.query("select min(part) from smsp_part", &[]).await.unwrap()[0], 0).unwrap();
        for (sql, which, index) in [(&FIRST, 8_i64, "smsp_outbox_bounce"), (&OF_PART, first, "smsp_part_pkey")] {
            let explain = format!("explain (analyze, timing off) {}", **sql);
            let plan = transaction.query(&explain, &[(&which, Type::INT8), (&1000_i64, Type::INT8)]).await.unwrap();
            let plan = plan.iter().map(|line| field::<String>(line, 0).unwrap()).collect::<Vec<_>>().join("\n");
            assert!(plan.contains(index) && !plan.contains("Seq Scan"), "{known}: {plan}");
        }
    }
}

/// The part that there is, marked by a claim of this node.
async fn marked(outbox: &PostgresOutbox) -> PartHold {
    let hold = outbox.claim_parts(node(), &wanted_parts(1)).await.unwrap()[0].hold;
    assert_eq!(outbox.mark_part(&hold).await, Ok(true));
    hold
}

#[tokio::test]
async fn a_bounce_that_would_tell_of_nobody_any_more_is_not_looked_at_again() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    outbox.accept(batch(vec![NewRow { bounces: true, ..row(None) }])).await.unwrap();
    let claimed = outbox.claim(node(), &wanted(1)).await.unwrap();
    let split = Split { parts: vec![NewPart { domain: domain(1), places: vec![0] }], verdicts: Vec::new() };
    assert_eq!(outbox.split(&claimed[0].hold, &split).await, Ok(true));
    let first = marked(&outbox).await;
    assert_eq!(outbox.end_part(&first, &told(&[])).await, Ok(Some(State::Unknown)));
    let selection = Selection { state: Some(State::Unknown), ..Selection::default() };
    let (order, over) = (Order::SettleAsNone, Duration::ZERO);
    let all = OrderAll { order, selection, after: None, count: 1, met: 0, over, note: None };
    outbox.order_all(all, Bound { rows: 9, bytes: 1 << 30 }).await.unwrap();
    let again = marked(&outbox).await;
    assert_eq!(outbox.end_part(&again, &told(&[(0, PartTo::Refused)])).await, Ok(Some(State::Refused)));
    let due = async || {
        let mut transaction = outbox.begin().await.unwrap();
        let due = "select count(*) from smsp_outbox where bounce_due is not null";
        field::<i64>(&transaction.query(due, &[]).await.unwrap()[0], 0).unwrap()
    };
    assert_eq!(due().await, 1);
    // Its server had the mail all the same.
    outbox.end_part(&first, &told(&[(0, PartTo::Accepted)])).await.unwrap();
    assert_eq!(due().await, 0);
}
