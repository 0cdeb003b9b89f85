//! The connections of a node: few, kept while they are whole, each used by one transaction at a time.
//!
//! A connection on which anything failed is dropped, never used again: the database ends its transaction, and nobody has
//! to know in which state it was.

use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tracing::warn;

use super::super::Failed;
use super::super::open_error::OpenError;
use super::deadlines::Deadlines;
use super::idle::Idle;
use super::not_ready::{NotReady, refusal};
use super::server::Server;
use super::tls;
use super::transaction::{Transaction, opening};

/// So many transactions of a node at once; the next ones wait.
const SIZE: usize = 4;

pub(super) struct Pool {
    pub(super) deadlines: Deadlines,
    server: Server,
    places: Semaphore,
    idle: Idle,
}

impl Pool {
    pub(super) fn new(server: Server, deadlines: Deadlines) -> Self {
        Self { deadlines, server, places: Semaphore::new(SIZE), idle: Idle::default() }
    }

    /// Begins a transaction whose statements may take this long each.
    pub(super) async fn begin(&self, statement: Duration) -> Result<Transaction<'_>, NotReady> {
        let place = timeout(self.deadlines.place, self.places.acquire()).await;
        let place = place.map_err(|_| NotReady::Failed)?.map_err(|_| NotReady::Failed)?;
        let opening = opening(statement, self.deadlines.idle);
        let answer = self.deadlines.answer(statement);
        // An idle connection may be dead without knowing: nothing is lost on it by asking the next one.
        while let Some(client) = self.idle.pop() {
            if begun(&client, &opening, answer).await.is_ok() {
                return Ok(Transaction::new(&self.idle, place, client, answer));
            }
        }
        let client = self.connect().await?;
        begun(&client, &opening, answer).await?;
        Ok(Transaction::new(&self.idle, place, client, answer))
    }

    async fn connect(&self) -> Result<Client, NotReady> {
        let Ok(connected) = timeout(self.deadlines.connect, self.server.connect()).await else {
            warn!("the store did not take a connection in time");
            return Err(NotReady::Failed);
        };
        connected.map_err(|error| {
            warn!(code = error.code().map(SqlState::code), %error, "no connection to the store");
            let refused = error.code().and_then(refusal).or_else(|| tls::refusal(&error));
            refused.map_or(NotReady::Failed, |refused| OpenError::Refused(refused).into())
        })
    }
}

async fn begun(client: &Client, opening: &str, answer: Duration) -> Result<(), Failed> {
    match timeout(answer, client.batch_execute(opening)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Failed::Down),
    }
}
