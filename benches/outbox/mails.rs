//! The mails of the bench, and the calls that it times.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use smsp::model::message::{Draft, Message};
use smsp::model::outcome::Outcome;
use smsp::model::submission::{SendOptions, Submission};
use smsp::runtime::ids;
use smsp::state::outbox::{
    Batch, Bound, Claimed, Earlier, Ended, Lane, Mark, NewRow, NodeId, Outbox, Room, RouteSet, RulesVersion, Sealer,
    Verdict, Wanted, When,
};
use smsp::state::store::StoreKeys;
use tokio::task::JoinSet;
use uuid::Uuid;

const ROOM: Room = Room { rows: u64::MAX >> 1, bytes: u64::MAX >> 1 };
const HOUR: Duration = Duration::from_secs(3600);
const RULES: RulesVersion = RulesVersion(1);
/// Bytes of the text of a mail, beside names and addresses.
const TEXT: usize = 1800;

/// A call that only looks, which the pump makes again and again.
type Look = (&'static str, fn(&dyn Outbox) -> BoxFuture<'_, ()>);

pub(crate) const LOOKS: [Look; 4] = [
    ("route_sets", |outbox| outbox.route_sets().map(drop).boxed()),
    ("stale", |outbox| outbox.stale(RULES, Bound::STEP).map(drop).boxed()),
    ("sweep", |outbox| outbox.sweep(Bound::STEP).map(drop).boxed()),
    ("counts", |outbox| outbox.counts().map(drop).boxed()),
];

/// Makes and seals mails.
#[derive(Clone)]
pub(crate) struct Mails(Sealer);

impl Mails {
    pub(crate) fn new() -> Self {
        Self(Sealer::new(Arc::new(keys())))
    }

    pub(crate) fn node() -> NodeId {
        NodeId(Uuid::from_u128(1))
    }

    /// A new mail of so many bytes of text.
    pub(crate) fn row(&self, text: usize) -> NewRow {
        let mailbox = |text: &str| text.parse().expect("an address");
        let draft = Draft {
            to: vec![mailbox("someone@example.org")],
            subject: "Your order".parse().expect("a subject"),
            text: "x".repeat(text).parse().ok(),
            ..Draft::default()
        };
        let message = Message::new(ids::fresh().into(), mailbox("shop@example.org"), draft).expect("a mail");
        let id = message.id();
        let submission = Submission { message, caller: "shop".into(), options: SendOptions::default() };
        NewRow {
            id,
            key: None,
            sealed: self.0.seal(&submission).expect("sealed"),
            from_domain: "example.org".into(),
            lane: Lane::Normal,
            route_set: set(),
            rules: RULES,
            send: When::After(Duration::ZERO),
            expires: When::After(1000 * HOUR),
            earlier: Earlier::default(),
            bounces: false,
        }
    }
}

/// The keys of every store of the bench.
pub(crate) fn keys() -> StoreKeys {
    StoreKeys::parse(&format!("a:{}", "1".repeat(64))).expect("a key")
}

pub(crate) fn set() -> RouteSet {
    RouteSet::new(["mg", "sg"])
}

pub(crate) fn batch(rows: Vec<NewRow>) -> Batch {
    Batch { withdrawal: Default::default(), caller: "shop".into(), rows, atomic: false, room: ROOM, callers_room: ROOM }
}

pub(crate) fn wanted(rows: usize) -> Wanted {
    let of_lane = [0, rows, 0];
    Wanted {
        sets: vec![set()],
        of_lane,
        of_caller: rows,
        bytes: 1 << 30,
        without: Vec::new(),
        newest_of_four: 1,
        lost: true,
    }
}

/// Mails accepted in a second from so many callers.
pub(crate) async fn accepted(outbox: &Arc<dyn Outbox>, callers: usize, span: Duration) -> f64 {
    let (mails, start, mut tasks) = (Mails::new(), Instant::now(), JoinSet::new());
    for _ in 0..callers {
        let (outbox, mails) = (Arc::clone(outbox), mails.clone());
        tasks.spawn(async move {
            let mut count = 0_u32;
            while start.elapsed() < span {
                outbox.accept(batch(vec![mails.row(TEXT)])).await.expect("accepted");
                count += 1;
            }
            count
        });
    }
    let count: u32 = tasks.join_all().await.into_iter().sum();
    f64::from(count) / start.elapsed().as_secs_f64()
}

/// Rows claimed so many at a time, marked and ended in a second.
pub(crate) async fn through(outbox: &Arc<dyn Outbox>, rows: usize, span: Duration) -> f64 {
    let (start, ended) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    while start.elapsed() < span {
        let claimed = outbox.claim(Mails::node(), &wanted(rows)).await.expect("claimed");
        assert!(!claimed.is_empty(), "too few rows were accepted");
        let mut tasks = JoinSet::new();
        for row in claimed {
            let (outbox, ended) = (Arc::clone(outbox), Arc::clone(&ended));
            tasks.spawn(async move {
                hand_over(&*outbox, &row).await;
                ended.fetch_add(1, Ordering::Relaxed);
            });
        }
        tasks.join_all().await;
    }
    ended.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}

async fn hand_over(outbox: &dyn Outbox, row: &Claimed) {
    let mark = Mark { upstream: "mg".to_owned(), replay_for: None, possible_duplicate: false };
    assert!(outbox.mark(&row.hold, &mark).await.expect("marked"));
    let verdict = Verdict {
        upstream: "mg".to_owned(),
        outcome: Outcome::Accepted,
        reason: "http_200".to_owned(),
        code: None,
        provider_message_id: Some("an-id-of-the-provider".to_owned()),
        took: Some(Duration::from_millis(100)),
        late: false,
        recipients: Vec::new(),
    };
    let accepted = Ended::Accepted { verdicts: vec![verdict], possible_duplicate: false };
    outbox.end(&row.hold, &accepted).await.expect("ended");
}
