//! Statements that must not walk through all rows: by which index PostgreSQL runs them.

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::super::TABLES;
use super::super::counts::COUNTS;
use super::super::list::{IN_DOUBT, IN_HAND, RESTING, SPLIT};
use super::super::parts::care::OLDER;
use super::super::parts::claim::DUE;
use super::super::parts::domains::{OLDEST, TURN};
use super::super::restore::MEANT;
use super::super::room::COUNT;
use super::super::select::look;
use super::super::status::STATUS;
use super::outbox;
use crate::state::outbox::suite::parting::wanted_parts;
use crate::state::outbox::{Parts, Sort};
use crate::state::store::postgres::tests::postmaster::Postmaster;
use crate::state::store::postgres::{Parameter, Transaction, field};

/// A long history of one caller, with one mail of another state in a thousand.
const ROWS: [&str; 3] = [
    "insert into smsp_submission (id, caller, from_domain, size, accepted_at, send_at)
        select gen_random_uuid(), 'shop', 'example.org', 100, n, n from generate_series(1, 20000) n",
    "insert into smsp_outbox (row_id, caller, size, accepted_at, lane, route_set, rules, state, changed_at, due, expires_at)
        select row_id, caller, size, accepted_at, 1, 'a', 1, case when row_id % 1000 = 0 then 6 else 5 end, 1, 1, 2
        from smsp_submission",
    "analyze smsp_submission, smsp_outbox",
];

#[tokio::test]
async fn a_page_of_a_list_is_found_by_an_index_however_rare_the_state() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let mut transaction = outbox.begin().await.unwrap();
    for sql in ROWS {
        transaction.execute(sql, &[]).await.unwrap();
    }
    for (sql, state, index) in [
        (RESTING, 6_i16, "smsp_outbox_listed"),
        (RESTING, 5, "smsp_outbox_listed"),
        (IN_DOUBT, 3, "smsp_outbox_in_doubt"),
        (IN_HAND, 2, "smsp_outbox_owner"),
        (SPLIT, 3, "smsp_outbox_shown"),
    ] {
        let parameters: [Parameter<'_>; 5] = [
            (&"shop", Type::TEXT),
            (&state, Type::INT2),
            (&i64::MAX, Type::INT8),
            (&Uuid::max(), Type::UUID),
            (&21_i64, Type::INT8),
        ];
        let plan = plan(&mut transaction, sql, &parameters).await;
        assert!(plan.contains(index) && !plan.contains("Seq Scan") && !plan.contains("Rows Removed"), "{plan}");
    }
}

#[tokio::test]
async fn counts_and_the_room_of_callers_look_at_the_counts_and_at_the_oldest_rows_alone() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let mut transaction = outbox.begin().await.unwrap();
    for sql in ROWS {
        transaction.execute(sql, &[]).await.unwrap();
    }
    for sql in [COUNTS, COUNT] {
        let plan = plan(&mut transaction, sql, &[]).await;
        assert!(!plan.contains("Seq Scan on smsp_outbox") && !plan.contains("Seq Scan on smsp_submission"), "{plan}");
    }
}

#[tokio::test]
async fn a_release_of_parked_rows_begins_with_the_oldest_and_ends_at_its_limit() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let mut transaction = outbox.begin().await.unwrap();
    for sql in ROWS {
        transaction.execute(sql, &[]).await.unwrap();
    }
    let parked = "update smsp_outbox set state = 4, expires_at = 9223372036854775807 where row_id > 10000";
    for sql in [parked, "update smsp_submission set content_key = ''", "analyze smsp_submission, smsp_outbox"] {
        transaction.execute(sql, &[]).await.unwrap();
    }
    let parameters: [Parameter<'_>; 5] = [
        (&None::<&str>, Type::TEXT),
        (&None::<&str>, Type::TEXT),
        (&None::<i64>, Type::INT8),
        (&None::<i64>, Type::INT8),
        (&100_i64, Type::INT8),
    ];
    let plan = plan(&mut transaction, MEANT, &parameters).await;
    let walks = ["Seq Scan", "Rows Removed", "Sort"].map(|walk| plan.contains(walk));
    assert!(plan.contains("smsp_outbox_parked") && walks == [false; 3], "{plan}");
}

#[tokio::test]
async fn rows_that_operators_mean_are_found_by_an_index_and_no_more_are_looked_at_than_a_page_may() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let mut transaction = outbox.begin().await.unwrap();
    for sql in ROWS {
        transaction.execute(sql, &[]).await.unwrap();
    }
    for (caller, sort) in [(None, Sort::Newest), (None, Sort::Oldest), (Some("shop"), Sort::Newest)] {
        let start = sort.start();
        let parameters: [Parameter<'_>; 10] = [
            (&caller, Type::TEXT),
            (&[5_i16, 6].as_slice(), Type::INT2_ARRAY),
            (&i64::MIN, Type::INT8),
            (&i64::MAX, Type::INT8),
            (&start.accepted_at.0, Type::INT8),
            (&start.row.0, Type::INT8),
            (&100_i64, Type::INT8),
            (&Some("example.org"), Type::TEXT),
            (&None::<&str>, Type::TEXT),
            (&None::<bool>, Type::BOOL),
        ];
        let plan = plan(&mut transaction, &look(caller.is_some(), sort, true), &parameters).await;
        assert!(plan.contains("smsp_outbox_listed") && !plan.contains("Seq Scan"), "{plan}");
        // One for each state, until enough are found.
        let rows = plan.lines().filter(|line| line.contains("smsp_outbox_listed")).map(rows);
        assert!(rows.max() <= Some(101), "{plan}");
    }
}

#[tokio::test]
async fn what_is_in_doubt_is_found_without_a_look_at_mail_in_parts() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let mut transaction = outbox.begin().await.unwrap();
    for sql in ROWS {
        transaction.execute(sql, &[]).await.unwrap();
    }
    let split = "update smsp_outbox set state = 3, split = case when state = 6 then 0 else 1 end,
        shown = case when state = 6 then null else 0 end";
    for sql in [split, "analyze smsp_outbox"] {
        transaction.execute(sql, &[]).await.unwrap();
    }
    let (start, nothing) = (Sort::Newest.start(), None::<&str>);
    let parameters: [Parameter<'_>; 10] = [
        (&Some("shop"), Type::TEXT),
        (&[3_i16].as_slice(), Type::INT2_ARRAY),
        (&i64::MIN, Type::INT8),
        (&i64::MAX, Type::INT8),
        (&start.accepted_at.0, Type::INT8),
        (&start.row.0, Type::INT8),
        (&100_i64, Type::INT8),
        (&nothing, Type::TEXT),
        (&nothing, Type::TEXT),
        (&None::<bool>, Type::BOOL),
    ];
    let plan = plan(&mut transaction, &look(true, Sort::Newest, false), &parameters).await;
    assert!(plan.contains("smsp_outbox_in_doubt") && !plan.contains("Seq Scan"), "{plan}");
    assert!(!plan.lines().any(|line| line.contains("Removed") && !line.ends_with(": 1")), "{plan}");
}

/// How many rows this part of a plan has brought, each time.
fn rows(line: &str) -> u64 {
    let actual = line.rsplit_once("(actual rows=").map_or("", |(_, rest)| rest);
    let digits = actual.split(['.', ' ']).next().unwrap_or_default();
    digits.parse().unwrap_or_else(|_| panic!("no rows: {line}"))
}

#[tokio::test]
async fn whether_a_key_is_used_is_found_by_an_index_where_it_is_not() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let mut transaction = outbox.begin().await.unwrap();
    for sql in ROWS {
        transaction.execute(sql, &[]).await.unwrap();
    }
    // A hundred of them were erased.
    let key = "update smsp_submission set content_key_id = 'new', recipients_key_id = 'new' where row_id % 200 > 0";
    for sql in [key, "analyze smsp_submission"] {
        transaction.execute(sql, &[]).await.unwrap();
    }
    let plan = plan(&mut transaction, TABLES.uses_key, &[(&"old", Type::TEXT)]).await;
    assert!(plan.contains("smsp_submission_key") && !plan.contains("Seq Scan"), "{plan}");
}

#[tokio::test]
async fn a_claim_of_parts_looks_at_the_domains_whose_turn_it_is_and_at_the_heads_of_their_queues() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let mut transaction = outbox.begin().await.unwrap();
    for sql in [
        "insert into smsp_submission (id, caller, from_domain, size, accepted_at, send_at)
            select gen_random_uuid(), 'shop', 'example.org', 100, n, n from generate_series(1, 20000) n",
        "insert into smsp_outbox (row_id, caller, size, accepted_at, lane, route_set, rules, state, changed_at, due,
                expires_at, split, shown, upstream)
            select row_id, caller, size, accepted_at, 1, 'a', 1, 3, 1, 1, 9000000000000000, 1, 0, 'mx'
            from smsp_submission",
        "insert into smsp_part (row_id, domain, places, lane, accepted_at, due, expires_at)
            select row_id, decode(lpad(to_hex(row_id % 2000), 64, '0'), 'hex'), '0', 1, row_id, 1, 9000000000000000
            from smsp_submission",
        "insert into smsp_domain (hmac, turn) select distinct domain, 1 from smsp_part",
        "analyze smsp_submission, smsp_outbox, smsp_part, smsp_domain",
    ] {
        transaction.execute(sql, &[]).await.unwrap();
    }
    let domains: Vec<Vec<u8>> = (1..=3_u8).map(|number| [vec![0; 31], vec![number]].concat()).collect();
    let (of_domain, owner, most) = (2_i64, Uuid::from_u128(1), 10_i64);
    let parameters: [Parameter<'_>; 5] = [
        (&domains, Type::BYTEA_ARRAY),
        (&of_domain, Type::INT8),
        (&owner, Type::UUID),
        (&most, Type::INT8),
        (&0_i64, Type::INT8),
    ];
    let due = plan(&mut transaction, &DUE, &parameters).await;
    assert!(due.contains("smsp_part_queue") && !due.contains("Seq Scan"), "{due}");
    let turn = plan(&mut transaction, TURN, &[(&most, Type::INT8)]).await;
    assert!(turn.contains("smsp_domain_turn") && !turn.contains("Seq Scan"), "{turn}");
    let oldest = plan(&mut transaction, OLDEST, &[(&domains, Type::BYTEA_ARRAY)]).await;
    assert!(oldest.contains("smsp_part_oldest") && !oldest.contains("Seq Scan"), "{oldest}");
    transaction.commit().await.unwrap();
    let parts = outbox.claim_parts(super::node(), &wanted_parts(10)).await.unwrap();
    assert_eq!(parts.len(), 10);
}

#[tokio::test]
async fn each_step_that_parks_parts_of_an_older_copy_begins_behind_those_before() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let mut transaction = outbox.begin().await.unwrap();
    for sql in [
        ROWS[0],
        ROWS[1],
        "insert into smsp_part (row_id, domain, places, lane, accepted_at, due, expires_at, state, possible_duplicate)
            select row_id, '', '0', 1, row_id, 1, 9000000000000000, case when row_id > 19000 then 0 else 4 end,
                row_id <= 19000 from smsp_submission",
        "analyze smsp_part",
    ] {
        transaction.execute(sql, &[]).await.unwrap();
    }
    let plan = plan(&mut transaction, OLDER, &[(&20_000_i64, Type::INT8), (&100_i64, Type::INT8)]).await;
    let walks = ["Seq Scan", "Rows Removed", "Sort"].map(|walk| plan.contains(walk));
    assert!(plan.contains("smsp_part_open") && walks == [false; 3], "{plan}");
}

#[tokio::test]
async fn a_status_reads_the_parts_of_a_mail_once_however_often_it_was_handed_over_before() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let mut transaction = outbox.begin().await.unwrap();
    for sql in [
        "insert into smsp_submission (id, caller, from_domain, size, accepted_at, send_at)
            values ('00000000-0000-0000-0000-000000000001', 'shop', 'example.org', 100, 1, 1)",
        "insert into smsp_outbox (row_id, caller, size, accepted_at, lane, route_set, rules, state, changed_at, due,
                expires_at, split, shown, upstream)
            select row_id, caller, size, accepted_at, 1, 'a', 1, 3, 1, 1, 9000000000000000, 1, 0, 'mx'
            from smsp_submission",
        "insert into smsp_part (row_id, domain, places, lane, accepted_at, due, expires_at)
            select row_id, '', '0', 1, row_id, 1, 9000000000000000 from smsp_submission",
        "insert into smsp_attempt (row_id, fence, upstream, at)
            select row_id, n, 'mg', n from smsp_submission, generate_series(1, 7) n",
    ] {
        transaction.execute(sql, &[]).await.unwrap();
    }
    let plan = plan(&mut transaction, &STATUS, &[(&"shop", Type::TEXT), (&Uuid::from_u128(1), Type::UUID)]).await;
    assert!(plan.contains("smsp_part") && !plan.contains("loops=7"), "{plan}");
}

async fn plan(transaction: &mut Transaction<'_>, sql: &str, parameters: &[Parameter<'_>]) -> String {
    let plan = transaction.query(&format!("explain (analyze, timing off) {sql}"), parameters).await.unwrap();
    plan.iter().map(|line| field::<String>(line, 0).unwrap()).collect::<Vec<_>>().join("\n")
}
