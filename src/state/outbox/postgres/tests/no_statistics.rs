//! What every claim asks of a database that knows nothing of its tables, as in the first minute of an outage.

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::super::claim::claim;
use super::super::hand_over::give_back;
use super::super::parts::{claim as claim_of_parts, ends, marks, release_parked, split};
use super::super::routes::{route_sets, stale};
use super::super::rows::claimed_rows;
use super::{node, outbox, wanted};
use crate::state::outbox::suite::parting::{domain, told, wanted_parts};
use crate::state::outbox::{
    Bound, Fence, Hold, NewPart, PartHold, PartId, PartTo, Release, Released, RouteSet, RowId, RulesVersion, Split,
    State, Wanted,
};
use crate::state::store::postgres::tests::postmaster::Postmaster;
use crate::state::store::postgres::{Transaction, field};

const ROWS: [&str; 2] = [
    "insert into smsp_submission (id, caller, from_domain, size, accepted_at, send_at)
        select gen_random_uuid(), 'shop', 'example.org', 100, n, n from generate_series(1, 20000) n",
    "insert into smsp_outbox (row_id, caller, size, accepted_at, lane, route_set, rules, state, changed_at, due, expires_at)
        select row_id, caller, size, accepted_at, 1, 'a', 1, 0, 1, accepted_at, 9000000000000000
        from smsp_submission on conflict do nothing",
];

/// Half of them go to one domain, the others to one of their own each.
const PARTS: [&str; 3] = [
    "update smsp_outbox set state = 3, split = 1, shown = 0, upstream = 'mx'",
    "insert into smsp_part (row_id, domain, places, lane, accepted_at, due, expires_at)
        select row_id, decode(lpad(to_hex(row_id * (row_id % 2)), 64, '0'), 'hex'), '0', 1, row_id, 1, 9000000000000000 from smsp_outbox",
    "insert into smsp_domain (hmac, turn) select distinct domain, 1 from smsp_part",
];

/// Before and behind the rows: a table of which nothing is known, one that was empty when it was counted, and one of which all
/// mail had been sent, which is counted anew for what has changed.
const COUNTED: [(&[&str], &str); 3] = [
    (&[], "select"),
    (&["analyze smsp_submission, smsp_outbox"], "select"),
    (
        &[
            ROWS[0],
            "insert into smsp_outbox
                (row_id, caller, size, accepted_at, lane, route_set, rules, state, changed_at, due, expires_at)
                select row_id, caller, size, accepted_at, 1, 'a', 1, 5, 1, accepted_at, 9000000000000000 from smsp_submission",
            "analyze smsp_submission, smsp_outbox",
        ],
        "analyze smsp_submission, smsp_outbox",
    ),
];

/// Rows of the outbox, and entries of its indexes, that this transaction has looked at.
async fn looked_at(transaction: &mut Transaction<'_>) -> i64 {
    looked_at_in(transaction, "smsp_outbox").await
}

async fn looked_at_in(transaction: &mut Transaction<'_>, table: &str) -> i64 {
    let sql =
        "select t.seq_tup_read + t.idx_tup_fetch + (select sum(pg_stat_get_xact_tuples_returned(i.indexrelid))::bigint
            from pg_index i where i.indrelid = t.relid) from pg_stat_xact_user_tables t where t.relname = $1";
    field(&transaction.query(sql, &[(&table, Type::TEXT)]).await.unwrap()[0], 0).unwrap()
}

#[tokio::test]
async fn a_claim_of_parts_walks_through_no_queue_that_the_database_has_not_counted() {
    let Some(server) = Postmaster::shared() else { return };
    let analyze = "analyze smsp_submission, smsp_outbox, smsp_part, smsp_domain";
    let sent = "insert into smsp_part (row_id, domain, places, lane, accepted_at, due, expires_at, state)
        select row_id, decode(lpad(to_hex(row_id), 64, '0'), 'hex'), '0', 1, row_id, 1, 9000000000000000, 5 from smsp_outbox";
    let history: Vec<_> = ROWS.into_iter().chain([PARTS[0], sent, analyze]).collect();
    for (before, behind) in [(&["select"][..], "select"), (&[analyze], "select"), (&history, analyze)] {
        let outbox = outbox(&server.url(&server.database().await)).await;
        let mut transaction = outbox.begin().await.unwrap();
        for sql in before.iter().chain(&ROWS).chain(&PARTS).chain(&[behind]) {
            transaction.execute(sql, &[]).await.unwrap();
        }
        let tables = ["smsp_part", "smsp_outbox", "smsp_domain", "smsp_submission"];
        let mut looked = Vec::new();
        for table in tables {
            looked.push(looked_at_in(&mut transaction, table).await);
        }
        let (number, node) = (Uuid::from_u128(1), node());
        let claimed = claim_of_parts::claim(&mut transaction, node, number, &wanted_parts(20)).await.unwrap();
        assert_eq!(claim_of_parts::in_hand(&mut transaction, node, number, &claimed).await.unwrap().len(), 20);
        for (table, looked) in tables.into_iter().zip(looked) {
            let looked = looked_at_in(&mut transaction, table).await - looked;
            assert!(looked < 1000, "{looked} of {table} after {before:?}");
        }
    }
}

#[tokio::test]
async fn a_claim_of_a_lost_part_and_a_release_of_parked_ones_walk_through_no_parts_that_the_database_has_not_counted() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let mut transaction = outbox.begin().await.unwrap();
    for sql in ROWS.iter().chain(&PARTS) {
        transaction.execute(sql, &[]).await.unwrap();
    }
    for sql in [
        "update smsp_part set losses = 1 where part % 5000 = 0",
        "update smsp_part set state = 4 where part % 10 = 1",
        "update smsp_submission set content_key = ''",
    ] {
        transaction.execute(sql, &[]).await.unwrap();
    }
    let mut looked = vec![looked_at_in(&mut transaction, "smsp_part").await];
    let (number, node) = (Uuid::from_u128(1), node());
    assert_eq!(claim_of_parts::claim(&mut transaction, node, number, &wanted_parts(20)).await.unwrap().len(), 1);
    looked.push(looked_at_in(&mut transaction, "smsp_part").await);
    let released = release_parked(&mut transaction, &Release::default(), 20).await.unwrap();
    assert_eq!(released, Released { released: 20, more: true });
    looked.push(looked_at_in(&mut transaction, "smsp_part").await);
    let each: Vec<_> = looked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(each[0] < 100 && each[1] < 6000, "{each:?}");
}

#[tokio::test]
async fn splits_marks_and_ends_of_parts_look_at_their_own_mails_alone() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let mut transaction = outbox.begin().await.unwrap();
    let node = node();
    let in_hand = |table| format!("update {table} set state = 1, fence = 1, owner = '{}'", node.0);
    for sql in ROWS {
        transaction.execute(sql, &[]).await.unwrap();
    }
    transaction.execute(&in_hand("smsp_outbox"), &[]).await.unwrap();
    let mut looked = [looked_at(&mut transaction).await, 0];
    let part = NewPart { domain: domain(1), places: vec![0] };
    let split_of = |row| (Hold { row: RowId(row), fence: Fence(1), node }, split_in(&part));
    let calls: Vec<_> = (101..=120).map(split_of).collect();
    let done = split::split(&mut transaction, &calls.iter().collect::<Vec<_>>()).await.unwrap();
    let most = looked_at(&mut transaction).await - looked[0];
    assert!(done.len() == 20 && most < 500, "{} split, {most} looked at", done.len());
    transaction.execute("delete from smsp_part", &[]).await.unwrap();
    for sql in PARTS {
        transaction.execute(sql, &[]).await.unwrap();
    }
    transaction.execute(&in_hand("smsp_part"), &[]).await.unwrap();
    let first = "select min(part) from smsp_part";
    let first: i64 = field(&transaction.query(first, &[]).await.unwrap()[0], 0).unwrap();
    let hold = |part| PartHold { part: PartId(part), fence: Fence(1), node };
    let holds: Vec<_> = (first + 100..first + 120).map(hold).collect();
    for is_end in [false, true] {
        for (looked, table) in looked.iter_mut().zip(["smsp_part", "smsp_outbox"]) {
            *looked = looked_at_in(&mut transaction, table).await;
        }
        if is_end {
            let calls: Vec<_> = holds.iter().map(|hold| (*hold, told(&[(0, PartTo::Accepted)]))).collect();
            let ended = ends::end(&mut transaction, &calls.iter().collect::<Vec<_>>()).await.unwrap();
            assert_eq!(ended, vec![Some(Some(State::Accepted)); 20]);
        } else {
            let holds: Vec<_> = holds.iter().collect();
            let marked = marks::mark(&mut transaction, &outbox.remembering, &holds).await.unwrap();
            assert_eq!(marked.0, vec![Some(true); 20]);
        }
        for (looked, table) in looked.iter().zip(["smsp_part", "smsp_outbox"]) {
            let most = looked_at_in(&mut transaction, table).await - looked;
            assert!(most < 1000, "{most} of {table}, {is_end}");
        }
    }
}

fn split_in(part: &NewPart) -> Split {
    Split { parts: vec![part.clone()], verdicts: Vec::new() }
}

#[tokio::test]
async fn no_part_of_a_claim_walks_through_a_queue_that_the_database_has_not_counted() {
    let Some(server) = Postmaster::shared() else { return };
    for (before, behind) in COUNTED {
        let outbox = outbox(&server.url(&server.database().await)).await;
        let mut transaction = outbox.begin().await.unwrap();
        for sql in before.iter().chain(&ROWS).chain(&[behind]) {
            transaction.execute(sql, &[]).await.unwrap();
        }
        let mut looked = vec![looked_at(&mut transaction).await];
        assert_eq!(route_sets(&mut transaction).await.unwrap().len(), 1);
        looked.push(looked_at(&mut transaction).await);
        assert!(stale(&mut transaction, RulesVersion(1), Bound::STEP).await.unwrap().is_empty());
        looked.push(looked_at(&mut transaction).await);
        let wanted = Wanted { sets: vec![RouteSet::new(["a"])], ..wanted(20) };
        assert_eq!(claim(&mut transaction, node(), Uuid::nil(), &wanted).await.unwrap().len(), 20);
        looked.push(looked_at(&mut transaction).await);
        let each: Vec<_> = looked.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(each[0] < 100 && each[1] < 100 && each[2] < 1000, "{each:?} after {before:?}");
    }
}

/// So many changes autovacuum waits for with this table, by its settings or those of the server.
const CHANGES: &str = "select coalesce(max(s.option_value) filter (where s.option_name = 'autovacuum_analyze_threshold'), '50')::float8
        + 10000000 * coalesce(max(s.option_value) filter (where s.option_name = 'autovacuum_analyze_scale_factor'), '0.1')::float8
    from pg_class c left join pg_options_to_table(c.reloptions) s on true where c.oid = $1::text::regclass";

#[tokio::test]
async fn a_queue_is_counted_though_a_long_history_stays_as_it_is() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let mut transaction = outbox.begin().await.unwrap();
    for table in ["smsp_outbox", "smsp_part"] {
        let changes = transaction.query(CHANGES, &[(&table, Type::TEXT)]).await.unwrap();
        let changes: f64 = field(&changes[0], 0).unwrap();
        assert!(changes <= 10_000.0, "{changes} changes of {table} with ten million rows");
    }
}

#[tokio::test]
async fn lost_rows_of_another_set_lead_no_claim_through_them_nor_through_a_queue_that_the_database_has_not_counted() {
    let Some(server) = Postmaster::shared() else { return };
    for ((before, behind), lost) in COUNTED.into_iter().flat_map(|counted| [(counted, 1), (counted, 2000)]) {
        let outbox = outbox(&server.url(&server.database().await)).await;
        let mut transaction = outbox.begin().await.unwrap();
        let of_b = format!(
            "update smsp_outbox set route_set = 'b', losses = 1
            where row_id in (select row_id from smsp_outbox where state = 0 order by row_id offset 9999 limit {lost})"
        );
        for sql in before.iter().chain(&ROWS).chain(&[behind, &of_b]) {
            transaction.execute(sql, &[]).await.unwrap();
        }
        let mut looked = vec![looked_at(&mut transaction).await];
        for (number, (set, claimed)) in (1..).zip([("a", 20), ("b", 1)]) {
            let wanted = Wanted { sets: vec![RouteSet::new([set])], ..wanted(20) };
            let rows = claim(&mut transaction, node(), Uuid::from_u128(number), &wanted).await.unwrap();
            assert_eq!(rows.len(), claimed, "a lost one comes alone");
            looked.push(looked_at(&mut transaction).await);
        }
        let each: Vec<_> = looked.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(each[0] < 1000 && each[1] < 100, "{each:?} after {before:?}, {lost} lost");
    }
}

#[tokio::test]
async fn a_claim_is_read_and_given_back_without_a_look_at_what_else_is_in_hand() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let mut transaction = outbox.begin().await.unwrap();
    for sql in ROWS {
        transaction.execute(sql, &[]).await.unwrap();
    }
    let (node, claims) = (node(), [Uuid::from_u128(1), Uuid::from_u128(2)]);
    let mut claimed = Vec::new();
    for (number, rows) in claims.iter().zip([10_000, 20]) {
        let wanted = Wanted { sets: vec![RouteSet::new(["a"])], ..wanted(rows) };
        claimed = claim(&mut transaction, node, *number, &wanted).await.unwrap();
    }
    let before = looked_at(&mut transaction).await;
    let mails = claimed_rows(&mut transaction, node, claims[1], &claimed).await.unwrap();
    let read = looked_at(&mut transaction).await;
    let holds: Vec<_> = mails.iter().map(|mail| mail.hold).collect();
    assert_eq!((holds.len(), give_back(&mut transaction, &holds).await.unwrap()), (20, 20));
    let given = looked_at(&mut transaction).await;
    assert!(read - before <= 60 && given - read <= 200, "{} {}", read - before, given - read);
}
