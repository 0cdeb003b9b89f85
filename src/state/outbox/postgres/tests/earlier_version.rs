//! Statements of the version that knows of no parts, played on a mail in parts: it stays as it is.

use tokio_postgres::types::Type;

use super::outbox;
use crate::state::outbox::suite::bench::{node, row, wanted};
use crate::state::outbox::suite::parting::split;
use crate::state::outbox::{Batch, Outbox, Parts, PostgresOutbox, Room, Withdrawal};
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

async fn seen(outbox: &PostgresOutbox) -> (i16, bool, i16, i64) {
    let mut transaction = outbox.begin().await.unwrap();
    let sql = "select state, owner is null, split, (select count(*) from smsp_part) from smsp_outbox";
    let rows = transaction.query(sql, &[]).await.unwrap();
    let [state, split] = [0, 2].map(|place| field(&rows[0], place).unwrap());
    (state, field(&rows[0], 1).unwrap(), split, field(&rows[0], 3).unwrap())
}

#[tokio::test]
async fn the_version_before_leaves_a_mail_in_parts_alone() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
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
    super::advance(&outbox, super::DAY).await;
    for (name, sql) in STATEMENTS {
        let mut transaction = outbox.begin().await.unwrap();
        assert_eq!(transaction.execute(sql, &[]).await, Ok(0), "{name}");
        transaction.commit().await.unwrap();
        assert_eq!(seen(&outbox).await, (3, true, 1, 2), "{name}");
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
