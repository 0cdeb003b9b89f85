//! Statements of the version that knows of no parts, played on a mail in parts: it stays as it is.

use super::*;
use crate::state::outbox::suite::bench::{batch, mark, node, note, refused, row, unknown, wanted};
use crate::state::outbox::suite::parting::{split, wanted_parts};

/// What a program of schema 1 does to rows, each with its conditions of the state.
const STATEMENTS: [(&str, &str); 11] = [
    (
        "retry",
        "update envelope set possible_duplicate = max(possible_duplicate, state = 3), state = 0, losses = 0,
        settled_at = null, owner = null where state in (3, 4)",
    ),
    ("settle as none", "update envelope set state = 7, settled_at = 1, owner = null where state = 3"),
    ("settle as accepted", "update envelope set state = 5, settled_at = 1, owner = null where state = 3"),
    ("late acceptance", "update envelope set state = 5, settled_at = 1, owner = null where state < 5"),
    ("late doubt", "update envelope set state = 3, settled_at = 1, due = 1, owner = x'01' where state = 3"),
    ("late refusal", "update envelope set state = 6, settled_at = 1, owner = x'01' where state = 3"),
    ("claim", "update envelope set state = 1, owner = x'01' where state = 0"),
    ("cancel", "update envelope set state = 8, settled_at = 1, owner = null where state in (0, 1, 4)"),
    ("bury", "update envelope set state = 3, owner = null, settled_at = 1 where state in (1, 2)"),
    ("replay", "update envelope set state = 2, owner = x'01' where state = 3 and upstream = 'mx' and replay_until > 0"),
    ("expire", "update envelope set state = 7, settled_at = 1 where state in (0, 4)"),
];

const FORGET: &str = "delete from submission where id in (select id from envelope where settled_at >= 0)";

/// One mail, split: its two parts wait.
async fn split_mail(outbox: &SqliteOutbox) {
    outbox.accept(batch(vec![row(1)])).await.unwrap();
    let hold = outbox.claim(node(1), &wanted(1)).await.unwrap()[0].hold;
    assert_eq!(Parts::split(outbox, &hold, &split()).await, Ok(true));
}

#[tokio::test]
async fn the_version_before_leaves_a_mail_in_parts_alone() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    split_mail(&outbox).await;
    let seen = |database: &Connection| {
        let columns = "select state, settled_at, split, owner is null, possible_duplicate, (select count(*) from part) from envelope";
        database.query_row(columns, [], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, Option<i64>>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, bool>(3)?,
                row.get::<_, bool>(4)?,
                row.get::<_, i64>(5)?,
            ))
        })
    };
    for (name, sql) in STATEMENTS.into_iter().chain([("forget", FORGET)]) {
        let changed = outbox.store.write(move |database| database.execute(sql, [])).await.unwrap();
        assert_eq!(changed, 0, "{name}");
        assert_eq!(outbox.read(seen).await.unwrap(), (3, None, 1, true, false, 2), "{name}");
    }
    let retry = |database: &Connection| {
        database.execute_batch("drop trigger envelope_split")?;
        database.execute(STATEMENTS[0].1, [])
    };
    assert_eq!(outbox.store.write(retry).await, Ok(1), "without the trigger it would be sent as a whole");
}

#[tokio::test]
async fn a_late_refusal_leaves_a_mail_in_parts_alone_without_the_trigger_for_the_version_before() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    outbox.accept(batch(vec![row(1)])).await.unwrap();
    let hold = outbox.claim(node(1), &wanted(1)).await.unwrap()[0].hold;
    assert_eq!(outbox.mark(&hold, &mark("mg")).await, Ok(true));
    outbox.end(&hold, &unknown(Duration::ZERO)).await.unwrap();
    outbox.order(row(1).id, Order::SettleAsNone, note("settle")).await.unwrap();
    let again = outbox.claim(node(1), &wanted(1)).await.unwrap()[0].hold;
    assert_eq!(Parts::split(&outbox, &again, &split()).await, Ok(true));
    outbox.store.write(|database| database.execute_batch("drop trigger envelope_split")).await.unwrap();
    assert_eq!(outbox.end(&hold, &refused()).await, Ok(None));
    let status = outbox.status(&"shop".into(), row(1).id).await.unwrap().unwrap();
    assert_eq!(status.ticket.state, State::Queued);
}

/// State and risk of each part, and what the mail shows.
async fn parts(outbox: &SqliteOutbox) -> Vec<(i64, bool, Option<i64>)> {
    let seen = |database: &Connection| {
        let columns = "select p.state, p.possible_duplicate, shown from part p join envelope e on e.id = p.envelope order by p.id";
        let mut select = database.prepare(columns)?;
        select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<Vec<_>, _>>()
    };
    outbox.read(seen).await.unwrap()
}

#[tokio::test]
async fn parts_of_an_older_copy_that_the_version_before_accepts_are_not_sent_without_a_persons_order() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    split_mail(&outbox).await;
    let claimed = outbox.claim_parts(node(1), &wanted_parts(1)).await.unwrap();
    assert_eq!(outbox.mark_part(&claimed[0].hold).await, Ok(true));
    assert_eq!(parts(&outbox).await, [(2, false, Some(2)), (0, false, Some(2))]);
    let accept = |database: &Connection| {
        database.execute_batch(
            "update control set lost = 1, last_row = (select max(id) from envelope);
             update envelope set state = 3, owner = null, possible_duplicate = 1;
             update control set epoch = randomblob(16), lost = null, last_row = null",
        )
    };
    outbox.store.write(accept).await.unwrap();
    assert_eq!(parts(&outbox).await, [(3, true, Some(3)), (4, true, Some(3))]);
}

#[tokio::test]
async fn nothing_is_sent_of_a_mail_in_parts_that_the_version_before_erases() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = open(directory.path(), Clock::since_start()).await;
    split_mail(&outbox).await;
    let part = outbox.claim_parts(node(1), &wanted_parts(1)).await.unwrap()[0].hold;
    let erase = |database: &Connection| {
        database.execute_batch("update submission set content_key = null; update envelope set erased = 1")
    };
    outbox.store.write(erase).await.unwrap();
    assert_eq!(outbox.claim_parts(node(1), &wanted_parts(9)).await.unwrap().len(), 0);
    assert_eq!(outbox.mark_part(&part).await, Ok(false));
    assert_eq!(outbox.sweep(Bound::STEP).await.unwrap().erased, [State::Cancelled]);
    let status = outbox.status(&"shop".into(), row(1).id).await.unwrap().unwrap();
    assert_eq!(status.ticket.state, State::Cancelled);
    assert_eq!(outbox.sweep(Bound::STEP).await.unwrap().erased, []);
}
