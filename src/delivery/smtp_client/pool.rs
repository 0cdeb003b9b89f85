//! Conversations that may carry another mail, for a while.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::session::Session;

/// As long as the HTTP adapters keep theirs.
const IDLE: Duration = Duration::from_secs(15);
/// Relays count connections; the others find their own.
const MAX_SESSIONS: usize = 8;

/// Sessions that were kept after a mail.
#[derive(Default)]
pub struct Pool(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// The oldest first.
    sessions: Vec<(Instant, Session)>,
    is_watched: bool,
}

impl Pool {
    /// The session that was used last.
    pub fn take(&self) -> Option<Session> {
        let kept = self.lock().sessions.pop();
        kept.map(|(_, session)| session)
    }

    /// Keeps a session for another mail, or ends it where there is no room.
    pub fn keep(self: &Arc<Self>, session: Session) {
        let mut kept = self.lock();
        if kept.sessions.len() == MAX_SESSIONS {
            return session.leave();
        }
        kept.sessions.push((Instant::now() + IDLE, session));
        if !kept.is_watched {
            kept.is_watched = true;
            tokio::spawn(Arc::clone(self).close_idle());
        }
    }

    /// Ends each when its time is over, and itself with the last one.
    async fn close_idle(self: Arc<Self>) {
        while let Some(next) = self.close_older(Instant::now()) {
            sleep_until(next).await;
        }
    }

    /// When the next one is due.
    fn close_older(&self, now: Instant) -> Option<Instant> {
        let mut kept = self.lock();
        kept.sessions.extract_if(.., |(until, _)| *until <= now).for_each(|(_, session)| session.leave());
        kept.is_watched = !kept.sessions.is_empty();
        kept.sessions.first().map(|(until, _)| *until)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
