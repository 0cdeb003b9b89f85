//! May a node say that a database in a new place has lost nothing? Once each node that lived in the place before has been
//! heard in the new one: then it has looked there, and has said what is missing of what it remembers.
//!
//! A node that has died meanwhile is waited for: its last marks nobody else may know. A sign of life is known by its time,
//! which is another one than that in the copy; whose clock was ahead plays no part.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

/// The nodes that live, each with its last sign of life.
pub(super) type Signs = HashMap<Uuid, i64>;

/// What a node knows of the others.
#[derive(Default)]
pub(super) struct Doubt(Mutex<State>);

#[derive(Default)]
struct State {
    /// Those that lived at the last look at a place that was in no doubt.
    lived: Signs,
    new: Option<NewPlace>,
}

struct NewPlace {
    place: String,
    since: Instant,
    /// The nodes that were not heard there yet, each with the sign of life that was there at first.
    unheard: HashMap<Uuid, Option<i64>>,
}

impl Doubt {
    /// The database is where it was.
    pub(super) fn none(&self, living: Signs) {
        *self.lock() = State { lived: living, new: None };
    }

    /// The database is in this place. Has it been there for so long, and were all nodes heard?
    pub(super) fn is_over(&self, place: &str, living: &Signs, after: Duration) -> bool {
        let mut state = self.lock();
        let State { lived, new } = &mut *state;
        let seen = new.take().filter(|new| new.place == place);
        let new = new.insert(seen.unwrap_or_else(|| {
            let unheard = lived.keys().map(|node| (*node, living.get(node).copied())).collect();
            NewPlace { place: place.to_owned(), since: Instant::now(), unheard }
        }));
        new.unheard.retain(|node, sign| living.get(node).is_none_or(|new| Some(*new) == *sign));
        new.unheard.is_empty() && new.since.elapsed() >= after
    }

    /// Held for a moment, never across an await.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(signs: &[(u128, i64)]) -> Signs {
        signs.iter().map(|(node, at)| (Uuid::from_u128(*node), *at)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn doubt_is_over_once_each_node_that_lived_was_heard_in_the_new_place_and_time_has_passed() {
        let (doubt, after) = (Doubt::default(), Duration::from_secs(15));
        doubt.none(signs(&[(1, 10), (2, 10)]));
        assert!(!doubt.is_over("new", &signs(&[(1, 15), (2, 10)]), after), "too soon");
        tokio::time::advance(after).await;
        assert!(!doubt.is_over("new", &signs(&[(1, 20), (2, 10)]), after), "what is in the copy is no sign of life");
        assert!(!doubt.is_over("new", &signs(&[(1, 20)]), after), "the second one is dead");
        assert!(!doubt.is_over("newer", &signs(&[(1, 20), (2, 5)]), after), "another place");
        tokio::time::advance(after).await;
        assert!(doubt.is_over("newer", &signs(&[(1, 25), (2, 6)]), after));
    }

    #[tokio::test(start_paused = true)]
    async fn doubt_begins_anew_where_the_database_was_in_its_place_meanwhile() {
        let (doubt, after, living) = (Doubt::default(), Duration::from_secs(15), Signs::new());
        assert!(!doubt.is_over("new", &living, after));
        tokio::time::advance(after).await;
        doubt.none(living.clone());
        assert!(!doubt.is_over("new", &living, after));
        tokio::time::advance(after).await;
        assert!(doubt.is_over("new", &living, after));
    }

    #[tokio::test(start_paused = true)]
    async fn doubt_lasts_for_its_time_where_nobody_else_lived() {
        let doubt = Doubt::default();
        doubt.none(Signs::new());
        assert!(!doubt.is_over("new", &Signs::new(), Duration::from_secs(15)));
        tokio::time::advance(Duration::from_secs(15)).await;
        assert!(doubt.is_over("new", &Signs::new(), Duration::from_secs(15)));
    }
}
