//! What every store has to do, written against [`Outbox`] alone: [`conformance!`] runs all of it on one kind of store.

pub(super) mod accepting;
pub(super) mod changing;
pub(super) mod claiming;
pub(super) mod dying;
pub(super) mod handing_over;
pub(super) mod keeping;
pub(super) mod model;
pub(super) mod operating;
pub(super) mod replaying;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::*;
use crate::model::message::key::IdempotencyKey;
use crate::model::outcome::Outcome;

/// An empty store under test. Its nodes are told apart by their ids, though they are all in this process.
pub(super) struct Bench {
    pub(super) outbox: Arc<dyn Outbox>,
    pub(super) time: Arc<dyn Time>,
    /// Keeps whatever the store needs.
    pub(super) _kept: Box<dyn Send + Sync>,
}

/// The store's time, which tests move on.
pub(super) trait Time: Send + Sync {
    /// It is so much later now.
    fn advance(&self, time: Duration) -> BoxFuture<'_, ()>;

    /// What time it is.
    fn now(&self) -> BoxFuture<'_, UnixTime>;
}

/// Runs every test on the store that `$start` (an `async fn() -> Option<Bench>`) makes; on none where it has none.
macro_rules! conformance {
    ($start:path) => {
        $crate::state::outbox::suite::conformance! { $start:
            accepting: a_submission_is_there_once_it_is_accepted, a_key_names_one_message,
                racing_repeats_are_one_submission, no_more_is_accepted_than_there_is_room_for,
                an_atomic_batch_is_accepted_whole_or_not_at_all;
            claiming: only_due_rows_of_the_sets_asked_for_are_claimed, a_claim_keeps_its_limits,
                no_two_nodes_claim_one_row, a_row_given_back_is_claimed_again, nothing_is_claimed_while_paused,
                the_next_due_row_is_known, rows_wait_under_the_sets_of_the_present_rules;
            handing_over: a_mail_is_marked_handed_over_and_ended, a_mark_needs_fence_owner_and_state,
                a_mark_is_refused_once_the_mail_is_not_wanted, an_end_needs_fence_owner_and_state,
                a_mail_that_nobody_has_waits_and_counts_its_attempts, a_late_verdict_settles_an_unknown_mail;
            dying: what_a_dead_node_claimed_is_queued_and_parked_at_the_third_loss,
                what_a_dead_node_marked_is_unknown_and_never_queued, a_node_that_lives_keeps_its_rows;
            replaying: a_replay_goes_to_the_same_upstream_within_its_window, only_acceptance_settles_a_replay,
                a_replay_is_not_marked_for_another_upstream, an_expired_mail_is_not_replayed;
            changing: another_callers_submission_is_unknown, a_submission_is_cancelled_until_it_is_under_way,
                a_queued_submission_is_rescheduled, what_is_erased_leaves_its_status, a_list_has_pages;
            keeping: what_expires_is_ended_by_the_sweep, what_has_ended_is_kept_and_dropped,
                a_key_lives_as_long_as_the_status;
            operating: orders_release_rows_that_wait_for_people, rows_are_counted_by_state_and_upstream,
                a_recipient_is_found_and_erased;
        }

        #[test]
        fn the_store_does_what_the_model_does() {
            $crate::state::outbox::suite::model::the_store_does_what_the_model_does($start);
        }
    };
    ($start:path: $($module:ident: $($test:ident),+;)+) => {
        $($(
            #[tokio::test]
            async fn $test() {
                let Some(bench) = $start().await else { return };
                $crate::state::outbox::suite::$module::$test(&bench).await;
            }
        )+)+
    };
}
pub(super) use conformance;
pub(super) use keeping::KEEP;

/// Plenty of it.
const ROOM: Room = Room { rows: 1000, bytes: 1_000_000 };
const DAY: Duration = Duration::from_secs(24 * 3600);
const SECOND: Duration = Duration::from_secs(1);
/// More than a node may be silent for.
const SILENCE: Duration = Duration::from_secs(31);

fn node(number: u128) -> NodeId {
    NodeId(Uuid::from_u128(number))
}

fn id(number: u128) -> Id {
    Uuid::from_u128(number).into()
}

fn set() -> RouteSet {
    RouteSet::new(["mg", "ses"])
}

/// One whose content and recipients are this number, due at once.
pub(super) fn row(number: u8) -> NewRow {
    let sealed = Sealed {
        content: SealedContent {
            key_id: KeyId("a".into()),
            wrapped_key: vec![number],
            parts: vec![vec![number], vec![7]],
        },
        recipients: SealedRecipients { key_id: KeyId("a".into()), wrapped_key: vec![number], bytes: vec![number] },
        hmacs: vec![Hmac([number; 32])],
        size: 100,
    };
    NewRow {
        id: id(u128::from(number)),
        key: None,
        sealed,
        from_domain: "example.org".into(),
        lane: Lane::Normal,
        route_set: set(),
        rules: RulesVersion(1),
        send: When::After(Duration::ZERO),
        expires: When::After(2 * DAY),
    }
}

fn keyed(number: u8, key: &str) -> NewRow {
    NewRow { key: Some(IdempotencyKey::new("shop", key)), ..row(number) }
}

fn wanted(limit: usize) -> Wanted {
    let sets = vec![set()];
    Wanted { sets, of_lane: [limit; 3], of_caller: limit, bytes: u64::MAX, without: Vec::new(), newest_of_four: 0 }
}

fn mark(upstream: &str) -> Mark {
    Mark { upstream: upstream.into(), replay_for: Some(Duration::from_secs(3600)), possible_duplicate: false }
}

fn verdict(upstream: &str, outcome: Outcome) -> Verdict {
    Verdict {
        upstream: upstream.into(),
        outcome,
        reason: "http_0".into(),
        code: None,
        provider_message_id: None,
        took: SECOND,
        late: false,
        recipients: Vec::new(),
    }
}

fn accepted() -> Ended {
    Ended::Accepted { verdicts: vec![verdict("mg", Outcome::Accepted)], possible_duplicate: false }
}

fn refused() -> Ended {
    Ended::Refused { verdicts: vec![verdict("mg", Outcome::MessageRejected)] }
}

fn again(wait: Duration) -> Ended {
    let verdicts = vec![verdict("mg", Outcome::Unavailable)];
    Ended::Again { verdicts, wait, counted: true, possible_duplicate: false }
}

fn unknown(replay_after: Duration) -> Ended {
    Ended::Unknown { verdicts: vec![verdict("mg", Outcome::Unknown)], replay_after }
}

impl Bench {
    async fn accept_as(&self, caller: &str, rows: Vec<NewRow>) -> Vec<Acceptance> {
        let batch = Batch { caller: caller.into(), rows, atomic: false, room: ROOM, callers_room: ROOM };
        self.outbox.accept(batch).await.unwrap()
    }

    async fn accept(&self, rows: Vec<NewRow>) {
        let answers = self.accept_as("shop", rows).await;
        assert!(answers.iter().all(|answer| matches!(answer, Acceptance::Accepted(_))), "{answers:?}");
    }

    async fn claim(&self, of: NodeId, limit: usize) -> Vec<Claimed> {
        self.outbox.claim(of, &wanted(limit)).await.unwrap()
    }

    /// The one row there is, claimed by node 1.
    async fn one_claimed(&self) -> Hold {
        self.accept(vec![row(1)]).await;
        self.claim_one(node(1)).await
    }

    async fn claim_one(&self, of: NodeId) -> Hold {
        let claimed = self.claim(of, 10).await;
        assert_eq!(claimed.len(), 1);
        claimed[0].hold
    }

    /// The one row there is, marked for mg by node 1.
    async fn one_marked(&self) -> Hold {
        let hold = self.one_claimed().await;
        assert!(self.outbox.mark(&hold, &mark("mg")).await.unwrap());
        hold
    }

    async fn end(&self, hold: &Hold, ended: Ended) -> Option<State> {
        self.outbox.end(hold, &ended).await.unwrap()
    }

    async fn marked(&self, hold: &Hold) -> bool {
        self.outbox.mark(hold, &mark("mg")).await.unwrap()
    }

    async fn status(&self, number: u128) -> Option<Status> {
        self.outbox.status(&"shop".into(), id(number)).await.unwrap()
    }

    async fn state(&self, number: u128) -> Option<State> {
        self.status(number).await.map(|status| status.ticket.state)
    }

    async fn advance(&self, time: Duration) {
        self.time.advance(time).await;
    }
}
