//! The suite of both stores, on PostgreSQL.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{advance, outbox_with};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::postgres::PostgresOutbox;
use crate::state::outbox::suite::bench::{Bench, KEEP, Line, Past, Time};
use crate::state::outbox::suite::{conformance, keeping, selecting, waiting};
use crate::state::outbox::{RowId, State};
use crate::state::store::postgres::field;
use crate::state::store::postgres::tests::postmaster::Postmaster;
use crate::state::store::postgres::tests::proxy::{Fault, Proxy};

conformance!(start);

async fn start() -> Option<Bench> {
    let server = Postmaster::shared()?;
    Some(bench_of(server, &server.database().await, KEEP).await)
}

#[tokio::test]
async fn mail_with_a_key_is_passed_once_where_other_mail_is_kept_for_less_than_a_day() {
    let Some(server) = Postmaster::shared() else { return };
    let bench = bench_of(server, &server.database().await, Duration::from_secs(3600)).await;
    keeping::mail_with_a_key_is_passed_once_where_other_mail_is_kept_for_less_than_a_day(&bench).await;
}

#[tokio::test]
async fn what_rarely_fits_is_found_step_by_step() {
    let Some(server) = Postmaster::shared() else { return };
    let outbox = outbox_with(&server.url(&server.database().await), KEEP).await;
    let mut transaction = outbox.begin().await.unwrap();
    for sql in [
        "insert into smsp_submission (id, caller, from_domain, size, accepted_at, send_at)
            select gen_random_uuid(), 'shop', case n when 2100 then 'rare.example' else 'example.org' end, 100, n, n
            from generate_series(1, 2500) n",
        "insert into smsp_outbox (row_id, caller, size, accepted_at, lane, route_set, rules, state, changed_at, due, expires_at)
            select row_id, caller, size, accepted_at, 1, 'mg', 1, 4, 1, 1, 9000000000000000 from smsp_submission",
    ] {
        transaction.execute(sql, &[]).await.unwrap();
    }
    transaction.commit().await.unwrap();
    selecting::what_rarely_fits_is_found_step_by_step(&outbox).await;
}

#[tokio::test]
async fn a_row_that_waits_for_ever_is_noticed_after_a_test() {
    let Some(bench) = start().await else { return };
    waiting::a_row_that_waits_for_ever_is_noticed_after_a_test(&bench).await;
}

/// One in this database.
pub(super) async fn bench_of(server: &Postmaster, database: &str, keep: Duration) -> Bench {
    let proxy = Proxy::before(server).await;
    let outbox = Arc::new(outbox_with(&proxy.url("127.0.0.1", database), keep).await);
    let (time, line) = (Arc::new(DatabaseTime(outbox.clone())), Arc::new(proxy));
    let past = Arc::new(Copied(outbox.clone()));
    Bench::new(outbox, time, line, past, Box::new(()))
}

impl Line for Proxy {
    fn lose<'a>(&'a self, call: BoxFuture<'a, ()>) -> BoxFuture<'a, ()> {
        self.set(Fault::LoseAnswer);
        Box::pin(async {
            call.await;
            assert!(self.has(Fault::None), "nothing was committed");
        })
    }
}

struct DatabaseTime(Arc<PostgresOutbox>);

impl Time for DatabaseTime {
    fn advance(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(advance(&self.0, time))
    }

    fn now(&self) -> BoxFuture<'_, UnixTime> {
        Box::pin(async {
            let mut transaction = self.0.begin().await.expect("a transaction");
            let rows = transaction.query("select smsp_now()", &[]).await.expect("the time");
            transaction.commit().await.expect("nothing has changed");
            UnixTime(field(&rows[0], 0).expect("a time"))
        })
    }
}

/// What an older copy differs in, changed by SQL.
struct Copied(Arc<PostgresOutbox>);

impl Copied {
    fn change(&self, sql: String) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut transaction = self.0.begin().await.expect("a transaction");
            transaction.execute(&sql, &[]).await.expect("a change");
            transaction.commit().await.expect("it is there");
        })
    }
}

impl Past for Copied {
    fn lose(&self, marks: i64) -> BoxFuture<'_, ()> {
        self.change(format!("update smsp_marks set marks = marks - {marks} where slot = 1"))
    }

    fn replace_epoch(&self) -> BoxFuture<'_, ()> {
        self.change("update smsp_control set epochs = array[gen_random_uuid()]".to_owned())
    }

    fn put_elsewhere(&self) -> BoxFuture<'_, ()> {
        self.change("update smsp_control set place = 'elsewhere'".to_owned())
    }

    fn put_alone(&self, state: State) -> BoxFuture<'_, RowId> {
        Box::pin(async move {
            self.change(
                "delete from smsp_submission where row_id < (select max(row_id) from smsp_submission)".to_owned(),
            )
            .await;
            self.change("delete from smsp_node".to_owned()).await;
            let mut transaction = self.0.begin().await.expect("a transaction");
            let set = "update smsp_outbox set state = $1, fence = 1, owner = case when $1 in (1, 2) then $2 end,
                upstream = 'mg', replay_until = smsp_now() + 1000, replay_due = smsp_now(), changed_at = smsp_now()
                returning row_id";
            let (state, node) = (state as i16, Uuid::from_u128(1));
            let rows = transaction.query(set, &[(&state, Type::INT2), (&node, Type::UUID)]).await.expect("a change");
            transaction.commit().await.expect("it is there");
            RowId(field(&rows[0], 0).expect("a number"))
        })
    }

    fn want_for_ever(&self) -> BoxFuture<'_, ()> {
        self.change("update smsp_outbox set expires_at = 9000000000000000".to_owned())
    }
}
