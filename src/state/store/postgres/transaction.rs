//! One transaction: statements with a deadline, and a COMMIT whose lost answer is told apart from a failure.
//!
//! A transaction that is dropped takes its connection with it, and so is rolled back.

use std::time::Duration;

use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout};
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{Error, Row};
use tracing::warn;

use super::super::Failed;
use super::health::Health;
use super::idle::Lent;

/// A parameter of a statement, with its type: so the database needs no statement with a name to tell it.
pub type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// The statements between BEGIN and COMMIT.
pub struct Transaction<'a> {
    health: &'a Health,
    client: Lent<'a>,
    _place: SemaphorePermit<'a>,
    _more: Option<SemaphorePermit<'a>>,
    /// How long an answer may take.
    answer: Duration,
    /// Has a statement failed, so that the database will not commit?
    failed: bool,
    /// By which code.
    failure: Option<SqlState>,
    started: Instant,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(health: &'a Health, place: SemaphorePermit<'a>, client: Lent<'a>, answer: Duration) -> Self {
        let (failed, failure, started) = (false, None, Instant::now());
        Self { health, client, _place: place, _more: None, answer, failed, failure, started }
    }

    /// Keeps this place too until its end.
    pub(super) fn with_place(self, place: SemaphorePermit<'a>) -> Self {
        Self { _more: Some(place), ..self }
    }

    /// The rows that a statement gives.
    pub async fn query(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, Failed> {
        let answer = timeout(self.answer, self.client.query_typed(sql, parameters)).await;
        self.checked(answer.ok())
    }

    /// How many rows a statement has changed.
    pub async fn execute(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Result<u64, Failed> {
        let answer = timeout(self.answer, self.client.execute_typed(sql, parameters)).await;
        self.checked(answer.ok())
    }

    /// What the database has said of the statement that failed.
    pub(super) fn failure(&self) -> Option<&SqlState> {
        self.failure.as_ref()
    }

    /// Has a statement failed because of a value in it, by a "data exception" or an "integrity constraint violation"? It
    /// would fail again.
    pub fn has_refused_values(&self) -> bool {
        self.failure.as_ref().is_some_and(|code| ["22", "23"].iter().any(|class| code.code().starts_with(class)))
    }

    /// Several statements without parameters.
    pub(super) async fn batch(&mut self, sql: &str) -> Result<(), Failed> {
        let answer = timeout(self.answer, self.client.batch_execute(sql)).await;
        self.checked(answer.ok())
    }

    /// Makes it durable, and counts it. [`Failed::Unclear`] if the database has not said whether it is.
    pub async fn commit(self) -> Result<(), Failed> {
        let (metrics, started) = (self.health.metrics(), self.started);
        let committed = self.committed().await;
        metrics.committed(started.elapsed().as_secs_f64());
        match committed {
            Ok(()) => metrics.written(1),
            Err(Failed::Down) => metrics.down(1),
            Err(Failed::Unclear) => metrics.unclear(1),
        }
        committed
    }

    /// Ends one that has written nothing, so that nothing can be unclear.
    pub async fn end(self) -> Result<(), Failed> {
        self.committed().await.map_err(|_| Failed::Down)
    }

    async fn committed(self) -> Result<(), Failed> {
        if self.failed {
            return Err(Failed::Down);
        }
        match timeout(self.answer, self.client.batch_execute("commit")).await {
            Ok(Ok(())) => {
                self.client.put_back();
                Ok(())
            }
            Ok(Err(error)) if was_rolled_back(&error) => {
                if let Some(code) = error.code() {
                    self.health.failed(code);
                }
                tell(error.code(), true);
                Err(Failed::Down)
            }
            _ => Err(Failed::Unclear),
        }
    }

    /// None: no answer in time.
    fn checked<T>(&mut self, answer: Option<Result<T, Error>>) -> Result<T, Failed> {
        let in_time = answer.is_some();
        let error = match answer {
            Some(Ok(value)) => return Ok(value),
            answer => answer.and_then(Result::err),
        };
        (self.failed, self.failure) = (true, error.and_then(|error| error.code().cloned()));
        if let Some(code) = &self.failure {
            self.health.failed(code);
        }
        tell(self.failure(), in_time);
        Err(Failed::Down)
    }
}

/// Logs it without the text of the error, which may show values.
fn tell(code: Option<&SqlState>, in_time: bool) {
    warn!(code = code.map(SqlState::code), in_time, "a statement failed in the store");
}

/// Did the database refuse the COMMIT? What it says when it ends, or of a transaction that it lost, proves nothing.
fn was_rolled_back(error: &Error) -> bool {
    let error = error.as_db_error();
    error.is_some_and(|error| {
        error.parsed_severity() == Some(Severity::Error) && *error.code() != SqlState::TRANSACTION_RESOLUTION_UNKNOWN
    })
}

/// What a transaction begins with. Its settings end with it, so they hold behind PgBouncer too. A database that answers a
/// COMMIT before it is on the disk does not do so here. To compile a statement takes longer than any of ours runs.
pub(super) fn opening(statement: Duration, idle: Duration) -> String {
    let (statement, idle) = (statement.as_millis(), idle.as_millis());
    format!(
        "begin isolation level read committed read write; \
         set local jit = off; \
         set local statement_timeout = {statement}; \
         set local idle_in_transaction_session_timeout = {idle}; \
         select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'"
    )
}

/// A value of a row.
pub fn field<'a, T: FromSql<'a>>(row: &'a Row, place: usize) -> Result<T, Failed> {
    row.try_get(place).map_err(|_| {
        warn!(place, "a row of the store cannot be read");
        Failed::Down
    })
}
