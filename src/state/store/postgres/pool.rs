//! The connections of a node: few, kept while they are whole, each used by one transaction at a time.
//!
//! A connection on which anything failed is dropped, never used again: the database ends its transaction, and nobody has
//! to know in which state it was.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};
use tracing::warn;

use super::super::open_error::OpenError;
use super::deadlines::Deadlines;
use super::health::Health;
use super::idle::Idle;
use super::not_ready::{self, NotReady};
use super::server::Server;
use super::transaction::{Transaction, opening};

pub(super) struct Pool {
    pub(super) deadlines: Deadlines,
    idle: Idle,
    health: Arc<Health>,
    server: Server,
    places: Semaphore,
}

impl Pool {
    /// So many transactions at once; the next ones wait.
    pub(super) fn new(size: usize, server: Server, deadlines: Deadlines, health: Arc<Health>) -> Self {
        Self { deadlines, idle: Idle::default(), health, server, places: Semaphore::new(size) }
    }

    /// Begins a transaction whose statements may take this long each.
    pub(super) async fn begin(&self, statement: Duration) -> Result<Transaction<'_>, NotReady> {
        self.begin_by(Deadlines { statement, ..self.deadlines }).await
    }

    /// Begins a transaction by other deadlines than those of the pool.
    pub(super) async fn begin_by(&self, deadlines: Deadlines) -> Result<Transaction<'_>, NotReady> {
        let place = timeout(deadlines.place, self.places.acquire()).await;
        let place = place.map_err(|_| NotReady::Busy)?.map_err(|_| NotReady::Failed)?;
        let opening = opening(deadlines.statement, deadlines.idle);
        let answer = deadlines.answer(deadlines.statement);
        // An idle connection may be dead without knowing: nothing is lost on it by asking the next one.
        while let Some(client) = self.idle.pop() {
            match timeout(answer, client.batch_execute(&opening)).await {
                Ok(Ok(())) => return Ok(Transaction::new((&self.idle, &self.health), place, client, answer)),
                Ok(Err(_)) => {}
                // The others would be as silent.
                Err(_) => self.idle.clear(),
            }
        }
        let client = self.connect(deadlines.connect).await?;
        match timeout(answer, client.batch_execute(&opening)).await {
            Ok(Ok(())) => Ok(Transaction::new((&self.idle, &self.health), place, client, answer)),
            _ => Err(NotReady::Failed),
        }
    }

    async fn connect(&self, within: Duration) -> Result<Client, NotReady> {
        let connected = self.server.connect(within).await;
        let is_first = self.health.is_connected(connected.is_ok());
        let error = match connected {
            Ok(client) => return Ok(client),
            Err(error) => error,
        };
        let code = error.as_ref().and_then(Error::code);
        if is_first {
            let cause = error.as_ref().and_then(std::error::Error::source).map(ToString::to_string);
            let in_time = error.is_some();
            warn!(code = code.map(SqlState::code), in_time, error = cause, "no connection to the store");
        }
        let refused = error.as_ref().and_then(not_ready::refusal_of);
        Err(refused.map_or(NotReady::Failed, |refused| OpenError::Refused(refused).into()))
    }
}
