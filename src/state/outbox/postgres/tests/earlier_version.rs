//! Statements of the version that knows of no parts, played on a mail in parts: it stays as it is.

use std::time::Duration;

use tokio_postgres::types::Type;

use super::outbox;
use crate::state::outbox::suite::bench::{batch, mark, node, note, refused, row, unknown, wanted};
use crate::state::outbox::suite::parting::{split, wanted_parts};
use crate::state::outbox::{Batch, Bound, Change, Hold, Order, Outbox, Parts, PostgresOutbox, Room, State, Withdrawal};
use crate::state::store::postgres::field;
use crate::state::store::postgres::tests::postmaster::Postmaster;

/// What a program of schema 1 does to rows, each with its conditions of the state.
const STATEMENTS: [(&str, &str); 12] = [
    (
        "retry",
        "update smsp_outbox set state = 0, changed_at = smsp_now(), due = smsp_now(), owner = null where state = 3",
    ),
    ("settle", "update smsp_outbox set state = 7, changed_at = smsp_now(), owner = null where state = 3"),
    ("late acceptance", "update smsp_outbox set state = 5, changed_at = smsp_now(), owner = null where state < 5"),
    (
        "late doubt",
        "update smsp_outbox set state = 3, changed_at = smsp_now(), owner = gen_random_uuid() where state = 3",
    ),
    (
        "late refusal",
        "update smsp_outbox set state = 6, changed_at = smsp_now(), owner = gen_random_uuid() where state = 3",
    ),
    ("claim", "update smsp_outbox set state = 1, owner = gen_random_uuid() where state = 0"),
    ("cancel", "update smsp_outbox set state = 8, owner = null where state in (0, 1, 4)"),
    ("bury", "update smsp_outbox set state = 3, owner = null where state in (1, 2)"),
    ("replay", "update smsp_outbox set state = 2 where state = 3 and upstream = 'mx' and replay_until > smsp_now()"),
    ("expire", "update smsp_outbox set state = 7 where state in (0, 4)"),
    ("forget", "delete from smsp_outbox where (state = 3 or state >= 5) and changed_at <= smsp_now() - 1"),
    ("release", "update smsp_outbox set state = 0 where state in (1, 2)"),
];

/// What it does to the content first, where its call ends the row.
const DROP_CONTENT: &str = "with parts as (delete from smsp_content where row_id = any ($1))
    update smsp_submission set content_key_id = null, content_key = null where row_id = any ($1)";

/// Its calls that drop the content before they end the row, whatever comes of that.
const CALLS: [(&str, &str); 2] = [
    (
        "an order on one mail",
        "update smsp_outbox set state = 5, changed_at = smsp_now(), owner = null where row_id = any ($1) and state = 3",
    ),
    (
        "an order on many",
        "update smsp_outbox set state = 8, changed_at = smsp_now(), owner = null where row_id = any ($1) and state = 3",
    ),
];

/// State, owner, parts, and what there is of the content.
async fn seen(outbox: &PostgresOutbox) -> (i16, bool, i16, i64, i64) {
    let mut transaction = outbox.begin().await.unwrap();
    let sql =
        "select state, owner is null, split, (select count(*) from smsp_part), (select count(*) from smsp_content)
            + (select count(*) from smsp_submission where content_key is not null and content_key_id is not null)
        from smsp_outbox";
    let rows = transaction.query(sql, &[]).await.unwrap();
    let [state, split] = [0, 2].map(|place| field(&rows[0], place).unwrap());
    let [parts, content] = [3, 4].map(|place| field(&rows[0], place).unwrap());
    (state, field(&rows[0], 1).unwrap(), split, parts, content)
}

/// One mail, split: its two parts wait.
async fn split_mail(outbox: &PostgresOutbox) -> Hold {
    let room = Room { rows: 9, bytes: 1 << 20 };
    let batch = Batch {
        withdrawal: Withdrawal::default(),
        caller: "shop".into(),
        rows: vec![row(1)],
        atomic: false,
        room,
        callers_room: room,
    };
    outbox.accept(batch).await.unwrap();
    let hold = outbox.claim(node(1), &wanted(1)).await.unwrap()[0].hold;
    assert_eq!(outbox.split(&hold, &split()).await, Ok(true));
    hold
}

#[tokio::test]
async fn the_version_before_leaves_a_mail_in_parts_alone() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let hold = split_mail(&outbox).await;
    let before = seen(&outbox).await;
    assert!(before.4 > 1);
    super::advance(&outbox, super::DAY).await;
    for (name, sql) in STATEMENTS {
        let mut transaction = outbox.begin().await.unwrap();
        assert_eq!(transaction.execute(sql, &[]).await, Ok(0), "{name}");
        transaction.commit().await.unwrap();
        assert_eq!(seen(&outbox).await, before, "{name}");
    }
    for (name, end) in CALLS {
        let mut transaction = outbox.begin().await.unwrap();
        for sql in [DROP_CONTENT, end] {
            assert_eq!(transaction.execute(sql, &[(&vec![hold.row.0], Type::INT8_ARRAY)]).await, Ok(0), "{name}");
        }
        transaction.commit().await.unwrap();
        assert_eq!(seen(&outbox).await, before, "{name}");
    }
    let mut transaction = outbox.begin().await.unwrap();
    let park = "update smsp_outbox set state = 3, owner = null, possible_duplicate = true where row_id = $1";
    assert_eq!(transaction.execute(park, &[(&hold.row.0, Type::INT8)]).await, Ok(1), "a copy that it accepts");
    transaction.commit().await.unwrap();
    let mut transaction = outbox.begin().await.unwrap();
    transaction.execute("drop trigger smsp_outbox_split on smsp_outbox", &[]).await.unwrap();
    let retry = STATEMENTS[0].1;
    assert_eq!(transaction.execute(retry, &[]).await, Ok(1), "without the trigger it would be sent as a whole");
}

#[tokio::test]
async fn a_late_refusal_leaves_a_mail_in_parts_alone_without_the_trigger_for_the_version_before() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    outbox.accept(batch(vec![row(1)])).await.unwrap();
    let hold = outbox.claim(node(1), &wanted(1)).await.unwrap()[0].hold;
    assert_eq!(outbox.mark(&hold, &mark("mg")).await, Ok(true));
    outbox.end(&hold, &unknown(Duration::ZERO)).await.unwrap();
    outbox.order(row(1).id, Order::SettleAsNone, note("settle")).await.unwrap();
    let again = outbox.claim(node(1), &wanted(1)).await.unwrap()[0].hold;
    assert_eq!(outbox.split(&again, &split()).await, Ok(true));
    let mut transaction = outbox.begin().await.unwrap();
    transaction.execute("drop trigger smsp_outbox_split on smsp_outbox", &[]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(outbox.end(&hold, &refused()).await, Ok(None));
    let status = outbox.status(&"shop".into(), row(1).id).await.unwrap().unwrap();
    assert_eq!(status.ticket.state, State::Queued);
}

#[tokio::test]
async fn what_ends_a_mail_in_parts_drops_its_content_all_the_same() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    split_mail(&outbox).await;
    assert!(matches!(outbox.cancel(&"shop".into(), row(1).id).await, Ok(Change::Cancelled(_))));
    let (_, _, split, _, content) = seen(&outbox).await;
    assert_eq!((split, content), (2, 0));
}

#[tokio::test]
async fn parts_of_an_older_copy_that_the_version_before_accepts_are_not_sent_without_a_persons_order() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    split_mail(&outbox).await;
    let parts = outbox.claim_parts(node(1), &wanted_parts(1)).await.unwrap();
    assert_eq!(outbox.mark_part(&parts[0].hold).await, Ok(true));
    let mut transaction = outbox.begin().await.unwrap();
    for sql in [
        "update smsp_control set lost = 1, last_row = (select max(row_id) from smsp_outbox)",
        "update smsp_outbox set state = 3, owner = null, possible_duplicate = true, changed_at = smsp_now()",
        "update smsp_control set epochs = array_append(epochs, gen_random_uuid()), lost = null, last_row = null",
    ] {
        assert_eq!(transaction.execute(sql, &[]).await, Ok(1), "{sql}");
    }
    transaction.commit().await.unwrap();
    assert_eq!(outbox.claim_parts(node(1), &wanted_parts(9)).await.unwrap().len(), 0);
    assert_eq!(outbox.mark_part(&parts[0].hold).await, Ok(false));
    let status = outbox.status(&"shop".into(), row(1).id).await.unwrap().unwrap();
    let mut states: Vec<_> = status.parts.iter().map(|part| (part.state, part.possible_duplicate)).collect();
    states.sort_unstable_by_key(|(state, _)| *state == State::Parked);
    assert_eq!(states, [(State::Unknown, true), (State::Parked, true)]);
    assert_eq!(status.ticket.state, State::Unknown);
}

#[tokio::test]
async fn nothing_is_sent_of_a_mail_in_parts_that_the_version_before_erases() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let hold = split_mail(&outbox).await;
    let part = outbox.claim_parts(node(1), &wanted_parts(1)).await.unwrap()[0].hold;
    let mut transaction = outbox.begin().await.unwrap();
    for sql in ["update smsp_outbox set erased = true where row_id = any ($1) and state not in (1, 2)", DROP_CONTENT] {
        assert_eq!(transaction.execute(sql, &[(&vec![hold.row.0], Type::INT8_ARRAY)]).await, Ok(1), "{sql}");
    }
    transaction.commit().await.unwrap();
    assert_eq!(outbox.claim_parts(node(1), &wanted_parts(9)).await.unwrap().len(), 0);
    assert_eq!(outbox.mark_part(&part).await, Ok(false));
    assert_eq!(outbox.sweep(Bound::STEP).await.unwrap().erased, [State::Cancelled]);
    let status = outbox.status(&"shop".into(), row(1).id).await.unwrap().unwrap();
    assert_eq!(status.ticket.state, State::Cancelled);
    assert_eq!(outbox.sweep(Bound::STEP).await.unwrap().erased, []);
}
