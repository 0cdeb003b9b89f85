//! The stores under measurement, and how one is filled with a million rows.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use smsp::state::outbox::{Keeping, Outbox, POSTGRES_TABLES, PostgresOutbox, SqliteOutbox, TABLES};
use smsp::state::store::postgres::{self, Database, Server};
use smsp::state::store::{Clock, Sqlite, Start};
use tokio_postgres::NoTls;

use crate::mails::{Mails, batch, keys};

const KEEP: Duration = Duration::from_secs(72 * 3600);
/// Bytes of the text of a mail that only waits: the disk is not what is measured with them.
const SHORT: usize = 50;

/// Copies of the one row, which is the first of its store.
const SQLITE_COPIES: &str = "
    create temp table copies as with recursive n (n) as (select 2 union all select n + 1 from n where n < ROWS)
        select n, unhex(printf('%064x', n)) as bytes from n;
    insert into submission select n, substr(c.bytes, 17), caller, idem, from_domain, accepted_at + n, send_at + n / 1000,
        expires_at + n, size, key_id, content_key, recipients_key, recipients from submission s join copies c where s.id = 1;
    insert into content select n * 4096, o.bytes from content o join copies c where o.id = 4096;
    insert into envelope (id, caller, route_set, rules, lane, due, expires_at)
        select n, caller, route_set, rules, lane, due + n / 1000, expires_at + n from envelope e join copies c where e.id = 1;
    insert into address select n, c.bytes from copies c;
    update caller set held = ROWS;
    drop table copies";

const POSTGRES_COPIES: &str = "
    insert into smsp_submission overriding system value select n, lpad(to_hex(n), 32, '0')::uuid, caller, key, from_domain,
        size, accepted_at + n, send_at + n / 1000, content_key_id, content_key, recipients_key_id, recipients_key, recipients
        from smsp_submission, generate_series(2, ROWS) n where row_id = 1;
    insert into smsp_content select n, part, bytes from smsp_content, generate_series(2, ROWS) n where row_id = 1;
    insert into smsp_recipient select decode(lpad(to_hex(n), 64, '0'), 'hex'), n from generate_series(2, ROWS) n;
    insert into smsp_outbox (row_id, caller, size, accepted_at, lane, route_set, rules, changed_at, due, expires_at)
        select n, caller, size, accepted_at + n, lane, route_set, rules, changed_at, due + n / 1000, expires_at + n
        from smsp_outbox, generate_series(2, ROWS) n where row_id = 1;
    analyze";

/// Where a kind of store has its databases.
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Place {
    pub(crate) fn all(directory: &Path, url: Option<String>) -> Vec<Self> {
        let sqlite = Self::Sqlite(directory.join("sqlite"));
        [sqlite].into_iter().chain(url.map(Self::Postgres)).collect()
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// The outbox in the database of this name.
    pub(crate) async fn open(&self, name: &str) -> Arc<dyn Outbox> {
        match self {
            Self::Sqlite(directory) => {
                let directory = directory.join(name);
                fs::create_dir_all(&directory).expect("a folder");
                let (clock, metrics, restarts) = (Clock::since_start(), Arc::default(), Arc::default());
                let start =
                    Start { directory: &directory, keys: &keys(), modules: &[TABLES], clock, metrics, restarts };
                let store = Arc::new(Sqlite::open(start).expect("a store"));
                Arc::new(SqliteOutbox::new(store, Keeping { keep: KEEP, min_free: 0 }).await.expect("an outbox"))
            }
            Self::Postgres(_) => {
                let server = Server::read(&self.url(name), None).expect("a URL");
                let (keys, metrics, restarts) = (Arc::new(keys()), Arc::default(), Arc::default());
                let start = postgres::Start { server, keys, modules: &[POSTGRES_TABLES], metrics, restarts };
                Arc::new(PostgresOutbox::new(Database::open(start).await.expect("a store"), KEEP))
            }
        }
    }

    /// A store with so many rows in it that wait and are due.
    pub(crate) async fn filled(&self, name: &str, rows: usize) -> Arc<dyn Outbox> {
        self.open(name).await.accept(batch(vec![Mails::new().row(SHORT)])).await.expect("accepted");
        self.copy(name, rows).await;
        self.open(name).await
    }

    /// Makes so many of the one row in the database of this name, which nobody has open.
    pub(crate) async fn copy(&self, name: &str, rows: usize) {
        let with = |sql: &str| sql.replace("ROWS", &rows.to_string());
        match self {
            Self::Sqlite(directory) => {
                let database = Connection::open(directory.join(name).join("smsp.db")).expect("a database");
                database.execute_batch("pragma foreign_keys = off; pragma cache_size = -65536").expect("set");
                database.execute_batch(&format!("begin; {}; commit", with(SQLITE_COPIES))).expect("copied");
            }
            Self::Postgres(_) => {
                let (client, connection) = tokio_postgres::connect(&self.url(name), NoTls).await.expect("connected");
                tokio::spawn(connection);
                client.batch_execute(&with(POSTGRES_COPIES)).await.expect("copied");
            }
        }
    }

    fn url(&self, name: &str) -> String {
        let Self::Postgres(url) = self else { panic!("SQLite has no URL") };
        url.replace("DATABASE", name)
    }
}
