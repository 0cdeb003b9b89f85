//! The suite of both stores, on PostgreSQL.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::{advance, outbox_with};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::postgres::PostgresOutbox;
use crate::state::outbox::suite::bench::{Bench, KEEP, Time};
use crate::state::outbox::suite::conformance;
use crate::state::store::postgres::field;
use crate::state::store::postgres::tests::postmaster::Postmaster;

conformance!(start);

async fn start() -> Option<Bench> {
    let server = Postmaster::shared()?;
    let outbox = Arc::new(outbox_with(&server.url(&server.database().await), KEEP).await);
    Some(Bench::new(outbox.clone(), Arc::new(DatabaseTime(outbox)), Box::new(())))
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
