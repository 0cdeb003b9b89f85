//! Sessions that may carry another mail, for a while.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::session::Session;

/// As long as the HTTP adapters keep theirs.
const IDLE: Duration = Duration::from_secs(15);
/// Relays count connections; the others find their own.
const MAX_SESSIONS: usize = 8;

/// Sessions that were kept after a mail, each under a key that says with whom and how it is.
pub struct Pool<K> {
    most: usize,
    kept: Mutex<Kept<K>>,
}

struct Kept<K> {
    /// The oldest first.
    sessions: Vec<(Instant, K, Session)>,
    is_watched: bool,
}

/// Room for the sessions of one far end.
impl<K> Default for Pool<K> {
    fn default() -> Self {
        Self::with_room_for(MAX_SESSIONS)
    }
}

impl<K> Pool<K> {
    /// Keeps so many sessions at most.
    pub fn with_room_for(most: usize) -> Self {
        Self { most, kept: Mutex::new(Kept { sessions: Vec::new(), is_watched: false }) }
    }

    /// When the next one is due.
    fn close_older(&self, now: Instant) -> Option<Instant> {
        let mut kept = self.lock();
        kept.sessions.extract_if(.., |(until, ..)| *until <= now).for_each(|(.., session)| session.leave());
        kept.is_watched = !kept.sessions.is_empty();
        kept.sessions.first().map(|(until, ..)| *until)
    }

    fn lock(&self) -> MutexGuard<'_, Kept<K>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Send + 'static> Pool<K> {
    /// The session under this key that was used last, of those whose far end has neither hung up nor said anything since: that
    /// would be taken for the answer to the next command.
    pub fn take(&self, key: &K) -> Option<Session> {
        let mut kept = self.lock();
        loop {
            let at = kept.sessions.iter().rposition(|(_, other, _)| other == key)?;
            let mut session = kept.sessions.remove(at).2;
            match session.in_step() {
                Ok(()) => return Some(session),
                Err(_) => session.leave(),
            }
        }
    }

    /// Is there a session under this key?
    pub fn has(&self, key: &K) -> bool {
        self.lock().sessions.iter().any(|(_, other, _)| other == key)
    }

    /// Keeps a session for another mail; where there is no room, the oldest one makes it.
    pub fn keep(self: &Arc<Self>, key: K, session: Session) {
        let mut kept = self.lock();
        if kept.sessions.len() == self.most {
            kept.sessions.remove(0).2.leave();
        }
        kept.sessions.push((Instant::now() + IDLE, key, session));
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
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;
    use crate::delivery::smtp_client::wire::Wire;

    async fn session() -> (Session, DuplexStream) {
        let (ours, mut theirs) = duplex(1 << 16);
        theirs.write_all(b"220 hi\r\n250 hi\r\n").await.unwrap();
        (Session::greet(Wire::new(ours), "out.example.org").await.unwrap(), theirs)
    }

    #[tokio::test]
    async fn a_session_is_found_under_its_key_alone_and_the_last_one_first() {
        let pool = Arc::new(Pool::with_room_for(3));
        let mut ends = Vec::new();
        for (number, key) in ["a", "b", "a"].into_iter().enumerate() {
            let (mut session, end) = session().await;
            session.send(&format!("NUMBER {number}")).await.unwrap();
            pool.keep(key, session);
            ends.push(end);
        }
        assert!(pool.take(&"c").is_none() && !pool.has(&"c") && pool.has(&"a"));
        for (key, number) in [("a", 2), ("a", 0), ("b", 1)] {
            drop(pool.take(&key).expect("it is kept"));
            let mut heard = String::new();
            ends[number].read_to_string(&mut heard).await.unwrap();
            assert_eq!(heard, format!("EHLO out.example.org\r\nNUMBER {number}\r\n"));
        }
        assert!(pool.take(&"a").is_none());
    }

    #[tokio::test]
    async fn a_session_whose_far_end_has_spoken_or_hung_up_since_is_left_and_an_older_one_is_found() {
        let pool = Arc::new(Pool::with_room_for(3));
        let (session_of_old, _old) = session().await;
        pool.keep("a", session_of_old);
        let (session_of_gone, gone) = session().await;
        pool.keep("a", session_of_gone);
        drop(gone);
        let (session_of_loud, mut loud) = session().await;
        pool.keep("a", session_of_loud);
        loud.write_all(b"421 bye\r\n").await.unwrap();
        assert!(pool.take(&"a").is_some_and(|mut session| session.in_step().is_ok()) && pool.take(&"a").is_none());
        let mut heard = [0; 28];
        loud.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"EHLO out.example.org\r\nQUIT\r\n");
    }

    #[tokio::test]
    async fn where_there_is_no_room_the_oldest_session_ends_with_quit() {
        let pool = Arc::new(Pool::with_room_for(2));
        let mut ends = Vec::new();
        for key in ["a", "b", "c"] {
            let (session, end) = session().await;
            pool.keep(key, session);
            ends.push(end);
        }
        let mut heard = [0; 28];
        ends[0].read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"EHLO out.example.org\r\nQUIT\r\n");
        assert!(pool.take(&"a").is_none() && pool.take(&"b").is_some() && pool.take(&"c").is_some());
    }
}
