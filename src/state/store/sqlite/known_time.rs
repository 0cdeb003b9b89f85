//! The newest time that the database knows, so that a clock which is far ahead at a start is noticed.
//!
//! The time is written with what is written anyway. At a start nothing tells a clock that is wrong from a node that was away
//! for long. So nothing stops, but what is kept is over later, by as much as the clock is ahead: mail that has expired stays
//! where it is, and answers are held. An hour later the time is written again, so that the next start believes the clock. It
//! is never set back: one start with a clock of years ago does not make the right time look far ahead.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};
use tracing::error;

use crate::runtime::unix_time::UnixTime;
use crate::state::store::clock::Clock;

const TABLE: &str = "create table if not exists store_time (
    one integer not null primary key check (one = 1),
    at integer not null
) strict";
const WRITE: &str =
    "insert into store_time (one, at) values (1, ?1) on conflict do update set at = max(at, excluded.at)";

/// It is written so often at most.
const EACH: Duration = Duration::from_secs(60);
/// Farther ahead of it, a clock is not believed.
const AHEAD: Duration = Duration::from_secs(3600);
/// A clock that is not believed is written after so long.
const DOUBTED: Duration = Duration::from_secs(3600);

/// Compares the clock with the time that the database knows.
pub(super) fn compare(database: &Connection, clock: &Clock) -> rusqlite::Result<()> {
    database.execute_batch(TABLE)?;
    let known: Option<i64> = database.query_row("select at from store_time", [], |row| row.get(0)).optional()?;
    let ahead = known.map_or(Duration::ZERO, |known| clock.now().since(UnixTime(known)));
    if ahead > AHEAD {
        clock.hold_back(ahead);
        error!(
            ahead_seconds = ahead.as_secs(),
            "the clock is far ahead of the newest time in the store: what is kept is over so much later, until a start in an \
             hour or after"
        );
    }
    Ok(())
}

/// When the time is to be written next.
pub(super) struct KnownTime {
    clock: Clock,
    next: UnixTime,
}

impl KnownTime {
    /// After a start.
    pub(super) fn new(clock: Clock) -> Self {
        let wait = if clock.is_held_back() { DOUBTED } else { Duration::ZERO };
        Self { next: clock.now().after(wait), clock }
    }

    /// Writes it, if that is due, as a part of a transaction.
    pub(super) fn write(&mut self, database: &Connection) -> rusqlite::Result<()> {
        let now = self.clock.now();
        if now < self.next {
            return Ok(());
        }
        self.next = now.after(EACH);
        database.prepare_cached(WRITE)?.execute([now.0]).map(drop)
    }
}
