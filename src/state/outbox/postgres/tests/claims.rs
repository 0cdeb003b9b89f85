//! Claims from several queues at once.

use std::time::Duration;

use tokio::time::timeout;
use uuid::Uuid;

use super::super::claim::claim;
use super::{batch, node, outbox, row, set, wanted};
use crate::state::outbox::{
    Acceptance, Bound, Claimed, Failed, NewRow, NodeId, Outbox, PostgresOutbox, RouteSet, RulesVersion, Wanted,
};
use crate::state::store::postgres::field;
use crate::state::store::postgres::tests::postmaster::Postmaster;

/// A claim of two rows, which are changed when others see the claim: no message can be read before.
async fn claim_and_change(outbox: &PostgresOutbox, node: NodeId, change: &str) -> Result<Vec<Claimed>, Failed> {
    let mut other = outbox.begin().await.unwrap();
    other.execute("lock table smsp_content in access exclusive mode", &[]).await.unwrap();
    let change = async {
        let is_claimed = "select count(*) = 2 from smsp_outbox where state = 1";
        while !field::<bool>(&other.query(is_claimed, &[]).await.unwrap()[0], 0).unwrap() {}
        other.execute(change, &[]).await.unwrap();
        other.commit().await.unwrap();
    };
    let change = timeout(Duration::from_secs(20), change);
    let wanted = wanted(9);
    let (claimed, changed) = tokio::join!(outbox.claim(node, &wanted), change);
    changed.expect("the claim is committed before messages are read");
    claimed
}

#[tokio::test]
async fn a_caller_has_its_number_over_all_sets_and_lanes_and_both_ends_of_a_queue() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let other_set = RouteSet::new(["c"]);
    let rows = (0..20).map(|number| match number % 2 {
        0 => row(None),
        _ => NewRow { route_set: other_set.clone(), ..row(None) },
    });
    let accepted = outbox.accept(batch(rows.collect())).await.unwrap();
    assert!(accepted.iter().all(|answer| matches!(answer, Acceptance::Accepted(_))), "{accepted:?}");
    let wanted = Wanted { sets: vec![set(), other_set], of_lane: [8, 8, 8], of_caller: 5, ..wanted(8) };
    for left in [5, 5, 5, 5, 0] {
        let claimed = outbox.claim(node(), &Wanted { newest_of_four: left % 4, ..wanted.clone() }).await.unwrap();
        assert_eq!(claimed.len(), left);
    }
}

#[tokio::test]
async fn a_row_in_hand_keeps_its_set_when_the_rules_change() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    outbox.accept(batch(vec![row(None)])).await.unwrap();
    let hold = outbox.claim(node(), &wanted(9)).await.unwrap()[0].hold;
    outbox.reroute(RulesVersion(2), &[(hold.row, RouteSet::new(["c"]))]).await.unwrap();
    assert_eq!(outbox.give_back(&[hold]).await, Ok(1));
    assert!(matches!(&outbox.route_sets().await.unwrap()[..], [queued] if queued.set == set()));
    assert_eq!(outbox.stale(RulesVersion(2), Bound::STEP).await.unwrap().len(), 1, "it is given a new one next time");
}

#[tokio::test]
async fn rows_that_another_node_has_locked_are_no_loss_for_a_caller_with_few_places() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    outbox.accept(batch((0..9).map(|_| row(None)).collect())).await.unwrap();
    let mut locking = outbox.begin().await.unwrap();
    locking.query("select from smsp_outbox where row_id <= 2 for update", &[]).await.unwrap();
    let wanted = Wanted { of_caller: 2, newest_of_four: 0, ..wanted(8) };
    let claimed = outbox.claim(node(), &wanted).await.unwrap();
    assert_eq!(claimed.iter().map(|claimed| claimed.hold.row.0).collect::<Vec<_>>(), [3, 4]);
    locking.commit().await.unwrap();
}

#[tokio::test]
async fn a_row_that_is_cancelled_before_its_message_is_read_is_not_in_the_answer() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    outbox.accept(batch((0..2).map(|_| row(None)).collect())).await.unwrap();
    let cancel = "update smsp_outbox set state = 8 where row_id = 1";
    let claimed = claim_and_change(&outbox, node(), cancel).await.unwrap();
    assert_eq!(claimed.iter().map(|claimed| claimed.hold.row.0).collect::<Vec<_>>(), [2]);
    assert!(claimed[0].content.is_some());
}

#[tokio::test]
async fn rows_whose_messages_could_not_be_read_are_free_at_the_next_call() {
    let Some(server) = Postmaster::shared() else { return };
    let (outbox, node) = (outbox(&server.url(&server.database().await)).await, node());
    outbox.accept(batch((0..2).map(|_| row(None)).collect())).await.unwrap();
    let break_one = "update smsp_outbox set lane = 9 where row_id = 1";
    assert_eq!(claim_and_change(&outbox, node, break_one).await.err(), Some(Failed::Down));
    let mut mending = outbox.begin().await.unwrap();
    mending.execute("update smsp_outbox set lane = 1", &[]).await.unwrap();
    mending.commit().await.unwrap();
    assert_eq!(outbox.claim(node, &wanted(9)).await.unwrap().len(), 2);
}

/// A thousand callers, each with twenty rows.
const MANY_CALLERS: [&str; 3] = [
    "insert into smsp_submission (id, caller, from_domain, size, accepted_at, send_at)
        select gen_random_uuid(), 'caller' || n % 1000, 'example.org', 100, n, n from generate_series(1, 20000) n",
    "insert into smsp_outbox (row_id, caller, size, accepted_at, lane, route_set, rules, state, changed_at, due, expires_at)
        select row_id, caller, size, accepted_at, 1, 'a', 1, 0, 1, accepted_at, 9000000000000000 from smsp_submission",
    "analyze smsp_submission, smsp_outbox",
];

#[tokio::test]
async fn a_claim_looks_at_a_few_rows_of_each_of_many_callers() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox(&server.url(&server.database().await)).await;
    let mut transaction = outbox.begin().await.unwrap();
    for sql in MANY_CALLERS {
        transaction.execute(sql, &[]).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let mut transaction = outbox.begin().await.unwrap();
    let wanted = Wanted { sets: vec![RouteSet::new(["a"])], newest_of_four: 0, ..wanted(100) };
    let claimed = claim(&mut transaction, node(), Uuid::nil(), &wanted).await.unwrap();
    let looked_at = "select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables where relname = 'smsp_outbox'";
    let rows = transaction.query(looked_at, &[]).await.unwrap();
    let looked_at: i64 = field(&rows[0], 0).unwrap();
    // Four of each caller, each of them twice, and some more to find the callers.
    assert!(claimed.len() == 100 && looked_at < 15_000, "{} rows, and {looked_at} were looked at", claimed.len());
}
