//! The connections of a node: few, kept while they are whole, each used by one transaction at a time.
//!
//! A connection on which anything failed is dropped, never used again: the database ends its transaction, and nobody has
//! to know in which state it was. Where the server lets no more in than there are, a transaction waits for one of those.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};
use tracing::warn;

use super::super::open_error::OpenError;
use super::deadlines::Deadlines;
use super::health::Health;
use super::hosts::NoConnection;
use super::idle::{Idle, Lent};
use super::not_ready::{self, NotReady};
use super::server::Server;
use super::transaction::{Transaction, opening};

/// Until a server is asked again that let nobody in: one that has ended has its place there for a moment longer.
const LET_IN: Duration = Duration::from_millis(100);

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
        let end = Instant::now() + deadlines.place;
        let place = timeout_at(end, self.places.acquire()).await;
        let place = place.map_err(|_| NotReady::Busy)?.map_err(|_| NotReady::Failed)?;
        let opening = opening(deadlines.statement, deadlines.idle);
        let answer = deadlines.answer(deadlines.statement);
        loop {
            let returned = self.idle.returned();
            let client = match self.opened_idle(&opening, answer).await {
                Some(client) => client,
                None => match self.opened_new(&opening, answer, deadlines.connect).await {
                    Err(NotReady::Full | NotReady::Refused(_)) if self.idle.has_any() => {
                        if Instant::now() >= end {
                            return Err(NotReady::Busy);
                        }
                        let _ = timeout_at(end.min(Instant::now() + LET_IN), returned).await;
                        continue;
                    }
                    client => client?,
                },
            };
            return Ok(Transaction::new(&self.health, place, client, answer));
        }
    }

    /// An idle connection may be dead without knowing: nothing is lost on it by asking the next one.
    async fn opened_idle(&self, opening: &str, answer: Duration) -> Option<Lent<'_>> {
        while let Some(client) = self.idle.pop() {
            match timeout(answer, client.batch_execute(opening)).await {
                Ok(Ok(())) => return Some(client),
                Ok(Err(_)) => {}
                // The others would be as silent.
                Err(_) => self.idle.clear(),
            }
        }
        None
    }

    async fn opened_new(&self, opening: &str, answer: Duration, connect: Duration) -> Result<Lent<'_>, NotReady> {
        let client = self.idle.lend(self.connect(connect).await?);
        match timeout(answer, client.batch_execute(opening)).await {
            Ok(Ok(())) => Ok(client),
            _ => Err(NotReady::Failed),
        }
    }

    async fn connect(&self, within: Duration) -> Result<Client, NotReady> {
        let connected = self.server.connect(within).await;
        let is_first = self.health.is_connected(connected.is_ok());
        let NoConnection { error, in_silence } = match connected {
            Ok(client) => return Ok(client),
            Err(none) => none,
        };
        let code = error.as_ref().and_then(Error::code);
        if is_first {
            let cause = error.as_ref().and_then(std::error::Error::source).map(ToString::to_string);
            warn!(code = code.map(SqlState::code), in_time = !in_silence, error = cause, "no connection to the store");
        }
        // The silent one might let in.
        if in_silence {
            return Err(NotReady::Failed);
        }
        if code == Some(&SqlState::TOO_MANY_CONNECTIONS) {
            return Err(NotReady::Full);
        }
        let refused = error.as_ref().and_then(not_ready::refusal_of);
        Err(refused.map_or(NotReady::Failed, |refused| OpenError::Refused(refused).into()))
    }
}
