//! The task that looks after a database: prepares one that was away at the start, and finds out that it is up or down where
//! nothing else asks.

use std::sync::{Weak, atomic::Ordering};
use std::time::Duration;

use tokio::time::sleep;
use tracing::error;

use super::Database;
use super::not_ready::NotReady;

/// From one look to the next, while it answers.
const UP: Duration = Duration::from_secs(5);
/// And while it does not.
const DOWN: Duration = Duration::from_secs(1);
/// And while it refuses what is needed: a person has to change that.
const REFUSED: Duration = Duration::from_secs(30);

/// Until the database is dropped.
pub(super) async fn keep(database: Weak<Database>) {
    let mut wait = DOWN;
    loop {
        sleep(wait).await;
        let Some(database) = database.upgrade() else { return };
        wait = look(&database).await;
    }
}

/// How long to wait then.
async fn look(database: &Database) -> Duration {
    if !database.prepared.load(Ordering::Relaxed) {
        return match database.prepare().await {
            Ok(()) => UP,
            Err(NotReady::Failed) => DOWN,
            Err(NotReady::Refused(error)) => {
                error!(%error, "the store cannot be used");
                REFUSED
            }
        };
    }
    // Nothing is written, so nothing is unclear.
    match database.begin().await {
        Ok(transaction) => transaction.commit().await.map_or(DOWN, |()| UP),
        Err(_) => DOWN,
    }
}
