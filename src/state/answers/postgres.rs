//! The records on PostgreSQL: those of all nodes, by the clock of the database.
//!
//! What calls of a node ask at the same moment shares a transaction. Records are locked in the order of their keys, so nodes
//! wait for each other in one direction only. Invariant: each change is one conditional statement, with the number of the
//! call and the state among its conditions.

mod begin;
mod columns;
mod end;

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::row::Row;
use super::sealing::SealedAnswer;
use super::stored::{Begun, CallNumber, CallState, End, KEPT, NewCall, Settled, StoredAnswers};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::state::store::postgres::{Database, Grouped, Parameter};
use crate::state::store::{Answered, Failed, Module, Step};
use begin::Begins;
use columns::{FOUND, row, span};
use end::Ends;

/// The tables of the records.
pub const TABLES: Module = Module {
    name: "answers",
    steps: &[Step { sql: include_str!("postgres/tables.sql"), works_with: 1 }],
    uses_key: "select 1 from smsp_answer where key_id = $1 limit 1",
};

const NOTE: &str =
    "insert into smsp_answer (id, caller, number, state, ended_at, expires_at, key_id, sealed_key, sealed)
    values ($1, $2, $3, 3, smsp_answers_now(), smsp_answers_now() + $4, $5, $6, $7)";

const SWEEP: &str = "delete from smsp_answer where ctid = any (array(
        select ctid from smsp_answer where expires_at <= smsp_answers_now()
        order by expires_at, id limit $1 for update skip locked))";

/// The records in a database.
pub struct PostgresAnswers {
    database: Arc<Database>,
    begins: Grouped<Begins>,
    ends: Grouped<Ends>,
}

impl PostgresAnswers {
    /// In this database, which has [`TABLES`].
    pub fn new(database: Arc<Database>) -> Self {
        let restarts = database.restarts();
        let begins = Grouped::new(Begins { database: Arc::clone(&database) }, restarts);
        let ends = Grouped::new(Ends { database: Arc::clone(&database) }, restarts);
        Self { database, begins, ends }
    }

    async fn noted(
        &self,
        caller: &CallerName,
        id: Id,
        number: CallNumber,
        answer: &SealedAnswer,
    ) -> Result<(), Failed> {
        let mut transaction = self.database.begin().await?;
        let SealedAnswer { key_id, wrapped_key, bytes } = answer;
        let (id, number, kept, caller) = (Uuid::from(id), number.0, span(KEPT), caller.as_str());
        let parameters: [Parameter<'_>; 7] = [
            (&id, Type::UUID),
            (&caller, Type::TEXT),
            (&number, Type::UUID),
            (&kept, Type::INT8),
            (key_id, Type::TEXT),
            (wrapped_key, Type::BYTEA),
            (bytes, Type::BYTEA),
        ];
        transaction.execute(NOTE, &parameters).await?;
        transaction.commit().await
    }

    async fn seen(&self, caller: &CallerName, id: Id) -> Result<Option<CallState>, Failed> {
        let mut transaction = self.database.begin_to_look_up().await?;
        let select = format!("{FOUND} where id = $1 and caller = $2 and expires_at > smsp_answers_now()");
        let (id, caller) = (Uuid::from(id), caller.as_str());
        let parameters: [Parameter<'_>; 2] = [(&id, Type::UUID), (&caller, Type::TEXT)];
        let rows = transaction.query(&select, &parameters).await?;
        transaction.end().await?;
        rows.first().map(row).transpose().map(|found| found.map(Row::seen))
    }

    async fn swept(&self, most: usize) -> Result<usize, Failed> {
        let mut transaction = self.database.begin().await?;
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let swept = transaction.execute(SWEEP, &[(&limit, Type::INT8)]).await?;
        transaction.commit().await?;
        Ok(usize::try_from(swept).unwrap_or(usize::MAX))
    }
}

impl StoredAnswers for PostgresAnswers {
    fn begin(&self, call: NewCall) -> Answered<'_, Begun> {
        Box::pin(self.begins.call(call))
    }

    fn ask_again(&self, id: Id, of: CallNumber, number: CallNumber, lease: Duration) -> Answered<'_, bool> {
        Box::pin(async move { begin::ask_again(&self.database, id, (of, number), lease).await })
    }

    fn end(&self, id: Id, number: CallNumber, end: End) -> Answered<'_, Settled> {
        Box::pin(self.ends.call((id, number, end)))
    }

    fn note(&self, caller: CallerName, id: Id, number: CallNumber, answer: SealedAnswer) -> Answered<'_, ()> {
        Box::pin(async move { self.noted(&caller, id, number, &answer).await })
    }

    fn look(&self, caller: CallerName, id: Id) -> Answered<'_, Option<CallState>> {
        Box::pin(async move { self.seen(&caller, id).await })
    }

    fn sweep(&self, most: usize) -> Answered<'_, usize> {
        Box::pin(self.swept(most))
    }
}

#[cfg(test)]
mod tests;
