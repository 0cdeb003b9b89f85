//! A store under test, its rows and what is asked of it: what every part of the suite begins with.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
pub(super) use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use uuid::Uuid;

pub(super) use crate::model::caller::CallerName;
pub(super) use crate::model::message::Id;
use crate::model::message::key::IdempotencyKey;
pub(super) use crate::model::outcome::Outcome;
use crate::runtime::metrics::Metrics;
pub(super) use crate::runtime::unix_time::UnixTime;
pub(super) use crate::state::outbox::*;

/// An empty store under test. Its nodes are told apart by their ids, though they are all in this process.
pub(in crate::state::outbox) struct Bench {
    pub(in crate::state::outbox) outbox: Arc<dyn Outbox>,
    pub(in crate::state::outbox) parts: Arc<dyn Parts>,
    pub(in crate::state::outbox) time: Arc<dyn Time>,
    line: Arc<dyn Line>,
    pub(super) past: Arc<dyn Past>,
    pub(super) metrics: Metrics,
    /// Was an answer lost, or given twice?
    is_uncounted: AtomicBool,
    /// Keeps what the store needs.
    _kept: Box<dyn Send + Sync>,
}

/// The store's time, which tests move on.
pub(in crate::state::outbox) trait Time: Send + Sync {
    /// It is so much later now.
    fn advance(&self, time: Duration) -> BoxFuture<'_, ()>;

    /// What time it is.
    fn now(&self) -> BoxFuture<'_, UnixTime>;
}

/// The way to the store.
pub(in crate::state::outbox) trait Line: Send + Sync {
    /// Has this call carried out and loses its answer.
    fn lose<'a>(&'a self, call: BoxFuture<'a, ()>) -> BoxFuture<'a, ()>;
}

/// Changes of the store that no call makes: an older copy of it, while what its process remembers stays, and a fault.
pub(in crate::state::outbox) trait Past: Send + Sync {
    /// As it was before its last so many marks.
    fn lose(&self, marks: i64) -> BoxFuture<'_, ()>;

    /// As another store.
    fn replace_epoch(&self) -> BoxFuture<'_, ()>;

    /// In another place.
    fn put_elsewhere(&self) -> BoxFuture<'_, ()>;

    /// Drops every row but the last one, and puts that in this state: under fence 1, held by node 1 where it is in hand, last
    /// handed over to mg, which could be asked about it again. Nobody has seen that node.
    fn put_alone(&self, state: State) -> BoxFuture<'_, RowId>;

    /// No row has a time any more at which it ends.
    fn want_for_ever(&self) -> BoxFuture<'_, ()>;
}

/// What every bench keeps what has ended for.
pub(in crate::state::outbox) const KEEP: Duration = Duration::from_secs(3 * 24 * 3600);
/// More than any test fills.
pub(super) const ROOM: Room = Room { rows: 1000, bytes: 1_000_000 };
pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);
pub(super) const SECOND: Duration = Duration::from_secs(1);
/// More than a node may be silent for.
pub(super) const SILENCE: Duration = Duration::from_secs(31);

/// More than any test has rows.
pub(super) const ALL: Bound = Bound { rows: 100, bytes: 1_000_000 };

pub(in crate::state::outbox) fn node(number: u128) -> NodeId {
    NodeId(Uuid::from_u128(number))
}

pub(super) fn id(number: u128) -> Id {
    Uuid::from_u128(number).into()
}

/// Rows of the caller `shop`, for which there is room.
pub(in crate::state::outbox) fn batch(rows: Vec<NewRow>) -> Batch {
    let (withdrawal, caller) = (Withdrawal::default(), "shop".into());
    Batch { withdrawal, caller, rows, atomic: false, room: ROOM, callers_room: ROOM }
}

pub(super) fn set() -> RouteSet {
    RouteSet::new(["mg", "ses"])
}

/// One whose content and recipients are this number, due at once.
pub(in crate::state::outbox) fn row(number: u8) -> NewRow {
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
        earlier: Earlier::default(),
        bounces: false,
    }
}

pub(super) fn keyed(number: u8, key: &str) -> NewRow {
    NewRow { key: Some(IdempotencyKey::new("shop", key)), ..row(number) }
}

pub(in crate::state::outbox) fn wanted(limit: usize) -> Wanted {
    let sets = vec![set()];
    Wanted {
        sets,
        of_lane: [limit; 3],
        of_caller: limit,
        bytes: u64::MAX,
        without: Vec::new(),
        newest_of_four: 0,
        lost: true,
    }
}

pub(in crate::state::outbox) fn mark(upstream: &str) -> Mark {
    Mark { upstream: upstream.into(), replay_for: Some(Duration::from_secs(3600)), possible_duplicate: false }
}

pub(in crate::state::outbox) fn note(order: &str) -> Note {
    Note { who: "ada".into(), from: Some("192.0.2.1:5".into()), order: order.into() }
}

pub(super) fn verdict(upstream: &str, outcome: Outcome) -> Verdict {
    Verdict {
        upstream: upstream.into(),
        outcome,
        reason: "http_0".into(),
        code: None,
        provider_message_id: None,
        took: Some(SECOND),
        late: false,
        recipients: Vec::new(),
    }
}

pub(super) fn accepted() -> Ended {
    Ended::Accepted { verdicts: vec![verdict("mg", Outcome::Accepted)], possible_duplicate: false }
}

pub(in crate::state::outbox) fn refused() -> Ended {
    Ended::Refused { verdicts: vec![verdict("mg", Outcome::MessageRejected)] }
}

pub(super) fn again(wait: Duration) -> Ended {
    let verdicts = vec![verdict("mg", Outcome::Unavailable)];
    Ended::Again { verdicts, wait, counted: true, possible_duplicate: false }
}

pub(in crate::state::outbox) fn unknown(replay_after: Duration) -> Ended {
    Ended::Unknown { verdicts: vec![verdict("mg", Outcome::Unknown)], replay_after }
}

impl Bench {
    /// Over this store, whose calls are counted.
    pub(in crate::state::outbox) fn new(
        outbox: Arc<impl Outbox + Parts + 'static>,
        time: Arc<dyn Time>,
        line: Arc<dyn Line>,
        past: Arc<dyn Past>,
        kept: Box<dyn Send + Sync>,
    ) -> Self {
        let metrics = Metrics::default();
        let counted = Arc::new(metrics_of(&metrics, ROOM));
        let parts = Arc::new(CountedParts::new(outbox.clone(), Arc::clone(&counted)));
        let outbox = Arc::new(CountedOutbox::new(outbox, counted));
        Self { outbox, parts, time, line, past, metrics, is_uncounted: AtomicBool::new(false), _kept: kept }
    }

    /// The sum of all series of this metric.
    pub(super) fn counted(&self, name: &str) -> u64 {
        let page = self.metrics.render();
        let series =
            page.lines().filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
        series.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
    }

    /// From now on the metrics need not agree with the rows.
    pub(super) fn is_uncounted(&self) {
        self.is_uncounted.store(true, Ordering::Relaxed);
    }

    /// Has this call carried out, and loses its answer.
    pub(super) async fn lose<T>(&self, call: Answered<'_, T>) {
        self.is_uncounted();
        self.line.lose(Box::pin(call.map(drop))).await;
    }

    /// The metrics agree with the rows, whatever was done.
    pub(in crate::state::outbox) async fn what_was_accepted_has_ended_or_is_there(&self) {
        if self.is_uncounted.load(Ordering::Relaxed) {
            return;
        }
        let counts = self.outbox.counts().await.unwrap();
        let there: u64 = counts.iter().filter(|count| !count.state.is_final()).map(|count| count.rows).sum();
        let (accepted, ended) = (self.counted("smsp_outbox_accepted_total"), self.counted("smsp_outbox_ended_total"));
        assert_eq!(accepted, ended + there, "{counts:?}\n{}", self.metrics.render());
    }

    pub(super) async fn accept_as(&self, caller: &str, rows: Vec<NewRow>) -> Vec<Acceptance> {
        self.outbox.accept(Batch { caller: caller.into(), ..batch(rows) }).await.unwrap()
    }

    pub(super) async fn accept(&self, rows: Vec<NewRow>) {
        let answers = self.accept_as("shop", rows).await;
        assert!(answers.iter().all(|answer| matches!(answer, Acceptance::Accepted(_))), "{answers:?}");
    }

    pub(super) async fn claim(&self, of: NodeId, limit: usize) -> Vec<Claimed> {
        self.outbox.claim(of, &wanted(limit)).await.unwrap()
    }

    /// The one row there is, claimed by node 1.
    pub(super) async fn one_claimed(&self) -> Hold {
        self.accept(vec![row(1)]).await;
        self.claim_one(node(1)).await
    }

    pub(super) async fn claim_one(&self, of: NodeId) -> Hold {
        let claimed = self.claim(of, 10).await;
        assert_eq!(claimed.len(), 1);
        claimed[0].hold
    }

    /// This row, lost three times by node 1; there is no other that can be claimed.
    pub(super) async fn parked(&self, number: u8) {
        self.accept(vec![row(number)]).await;
        for _ in 0..3 {
            self.claim_one(node(1)).await;
            self.advance(SILENCE).await;
            self.bury().await.unwrap();
        }
        assert_eq!(self.state(number.into()).await, Some(State::Parked));
    }

    /// The one row there is, marked for mg by node 1.
    pub(super) async fn one_marked(&self) -> Hold {
        let hold = self.one_claimed().await;
        assert!(self.outbox.mark(&hold, &mark("mg")).await.unwrap());
        hold
    }

    /// Erases all to this recipient, in one step. How many rows, and how many of them waited.
    pub(super) async fn erase_recipient(&self, number: u8) -> (usize, usize) {
        let first = Erasing::First(note("erase"));
        let erased = self.outbox.erase_recipient(&[Hmac([number; 32])], first, ALL).await.unwrap();
        (erased.rows, erased.cancelled)
    }

    pub(super) async fn end(&self, hold: &Hold, ended: Ended) -> Option<State> {
        self.outbox.end(hold, &ended).await.unwrap()
    }

    pub(super) async fn marked(&self, hold: &Hold) -> bool {
        self.outbox.mark(hold, &mark("mg")).await.unwrap()
    }

    pub(super) async fn status(&self, number: u128) -> Option<Status> {
        self.outbox.status(&"shop".into(), id(number)).await.unwrap()
    }

    pub(super) async fn state(&self, number: u128) -> Option<State> {
        self.status(number).await.map(|status| status.ticket.state)
    }

    pub(super) async fn advance(&self, time: Duration) {
        self.time.advance(time).await;
    }
}
