//! `kill -9` at random points under load: every 202 is found, nothing is taken twice, and `unknown` is at most what was on its
//! way at each crash.

use std::time::Duration;

use super::books::{Books, repeat_unclear};
use super::load::{Callers, Posted};
use super::provider::Provider;
use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::{at_rest, becomes};
use crate::harness::wait::when;
use crate::harness::{Proxy, eventually, report};

const SHORT: usize = 6;
const LONG: usize = 200;
/// So long does the provider take for a mail.
const WORK: Duration = Duration::from_millis(5);
/// Mails on their way at a time, at most.
const CONCURRENCY: u64 = 16;
/// Mails on their way to a provider; nobody works on them any more.
const SENDING: [&str; 2] = [
    "select lower(format('%s-%s-%s-%s-%s', substr(u, 1, 8), substr(u, 9, 4), substr(u, 13, 4), substr(u, 17, 4), substr(u, 21)))
        from (select hex(uuid) u from submission s join envelope e on e.id = s.id where state = 2)",
    "select id from smsp_submission join smsp_outbox using (row_id) where state = 2",
];
const UNKNOWN: [&str; 2] =
    ["select id from envelope where state = 3", "select row_id from smsp_outbox where state = 3"];
/// Sessions of the node: what it has sent may be carried out after its end.
const SESSIONS: [&str; 2] = [
    "select 1 where false",
    "select pid from pg_stat_activity where datname = current_database() and backend_type = 'client backend'
        and pid <> pg_backend_pid()",
];
/// A kill comes after so many more mails at the most, and then at any point of so much time.
const MAILS: usize = 40;
const POINT: Duration = Duration::from_millis(10);

on_both_stores! {
    after_each_kill_every_202_is_found_and_nothing_is_taken_twice,
    #[ignore = "scripts/check --long runs it"]
    after_two_hundred_kills_every_202_is_found_and_nothing_is_taken_twice,
}

async fn after_each_kill_every_202_is_found_and_nothing_is_taken_twice(database: &Database) {
    kill_under_load(database, SHORT).await;
}

async fn after_two_hundred_kills_every_202_is_found_and_nothing_is_taken_twice(database: &Database) {
    kill_under_load(database, LONG).await;
}

async fn kill_under_load(database: &Database, kills: usize) {
    let provider = Provider::taking_after(WORK);
    let settings = database.under(provider.settings()).with("SMSP_OUTBOX_CONCURRENCY", &CONCURRENCY.to_string());
    let (callers, mut posted) = (Callers::default(), Vec::<Posted>::new());
    let mut proxy = Proxy::start(settings.clone()).await;
    for kill in 1..=kills {
        let calling = callers.call(proxy.api);
        let enough = provider.count() + fastrand::usize(..MAILS);
        eventually("mails arrive", async || when(provider.count() >= enough, || proxy.process.evidence())).await;
        calling.go_on_until_cut_off();
        tokio::time::sleep(POINT.mul_f64(fastrand::f64())).await;
        // Which kills it.
        drop(proxy);
        let left = Left::by_the_dead_node(database).await;
        database.silent_nodes_are_dead().await;
        posted.extend(calling.all().await);
        proxy = Proxy::start(settings.clone()).await;
        left.is_unknown_and_nothing_else(&proxy, database, kill).await;
    }
    let cut_off = posted.iter().filter(|posted| posted.answer.is_err()).count();
    repeat_unclear(&mut posted, proxy.api).await;
    let counts = at_rest(&proxy.client).await;
    let books = Books::close(&posted, &proxy.client, counts, provider.taken()).await;
    let (violations, unknown) = (books.violations(), books.counts.status("unknown"));
    let (mails, taken) = (books.accepted.len(), books.taken.len());
    report(
        "R-outbox",
        &format!(
            "{kills} kills; {mails} mails accepted, {cut_off} calls cut off, {taken} taken, {unknown} unknown; {} lost or \
             taken twice",
            violations.len()
        ),
    );
    assert!(violations.is_empty(), "{violations:#?}");
    // Otherwise the kills came when nothing was under way.
    assert!(cut_off >= kills && mails >= kills, "{mails} accepted, {cut_off} cut off");
}

/// What a kill has left.
struct Left {
    sending: Vec<String>,
    /// How many were `unknown` before.
    unknown: usize,
}

impl Left {
    async fn by_the_dead_node(database: &Database) -> Self {
        eventually("the sessions of the node have ended", async || {
            let sessions = database.select(SESSIONS).await;
            when(sessions.is_empty(), || format!("{sessions:?}"))
        })
        .await;
        Self { sending: database.select(SENDING).await, unknown: database.select(UNKNOWN).await.len() }
    }

    /// Each mail that was on its way, no more of them than may be, becomes `unknown` at its upstream, and no other one does.
    async fn is_unknown_and_nothing_else(&self, proxy: &Proxy, database: &Database, kill: usize) {
        let Self { sending, unknown } = self;
        assert!(sending.len() as u64 <= CONCURRENCY, "kill {kill}: {sending:?} were on their way");
        for id in sending {
            let mail = becomes(&proxy.client, id, "unknown").await;
            let attempts = mail.at("/attempts").as_array().cloned().unwrap_or_default();
            let last = attempts.last().unwrap_or_else(|| panic!("kill {kill}: no attempt: {mail}"));
            assert!(last["upstream"] == "sg" && last["outcome"].is_null(), "kill {kill}: {mail}");
        }
        let now = database.select(UNKNOWN).await.len();
        assert_eq!(now, unknown + sending.len(), "kill {kill}: {sending:?} were on their way");
    }
}
