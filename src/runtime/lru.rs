//! A table with a bound: the entry that was looked at least recently gives way.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Entries that are passed over, before one has to give way, at most.
const PATIENCE: usize = 64;

/// A table of at most so many entries.
pub struct Lru<V> {
    most: usize,
    entries: HashMap<Arc<str>, (u64, V)>,
    /// When each was looked at, in turns.
    order: BTreeMap<u64, Arc<str>>,
    turn: u64,
}

impl<V> Lru<V> {
    /// With room for so many.
    pub fn new(most: usize) -> Self {
        Self { most, entries: HashMap::new(), order: BTreeMap::new(), turn: 0 }
    }

    /// Looks an entry up, which makes it the newest.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        let (turn, value) = self.entries.get_mut(key)?;
        let name = self.order.remove(turn)?;
        self.turn += 1;
        *turn = self.turn;
        self.order.insert(self.turn, name);
        Some(value)
    }

    /// Looks an entry up and leaves its age alone.
    pub fn peek_mut(&mut self, key: &str) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    /// Looks an entry up, or makes it; the oldest that may gives way to it. `None`: the table is full of entries that may not.
    pub fn entry(&mut self, key: &str, may_go: impl Fn(&V) -> bool, make: impl FnOnce() -> V) -> Option<&mut V> {
        if !self.entries.contains_key(key) {
            if self.entries.len() >= self.most && !self.make_room(may_go) {
                return None;
            }
            let name: Arc<str> = key.into();
            self.turn += 1;
            self.entries.insert(Arc::clone(&name), (self.turn, make()));
            self.order.insert(self.turn, name);
        }
        self.get_mut(key)
    }

    /// All entries, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &V)> {
        self.order.values().filter_map(|name| Some((name, &self.entries.get(name)?.1)))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes an entry out.
    pub fn remove(&mut self, key: &str) -> Option<V> {
        let (turn, value) = self.entries.remove(key)?;
        self.order.remove(&turn);
        Some(value)
    }

    /// Takes out the entry that was looked at least recently.
    pub fn pop_oldest(&mut self) -> Option<V> {
        let (_, name) = self.order.pop_first()?;
        self.entries.remove(&name).map(|(_, value)| value)
    }

    fn make_room(&mut self, may_go: impl Fn(&V) -> bool) -> bool {
        for _ in 0..PATIENCE {
            let Some((_, name)) = self.order.first_key_value() else { return false };
            let name = Arc::clone(name);
            if self.entries.get(&name).is_some_and(|(_, value)| may_go(value)) {
                self.order.pop_first();
                self.entries.remove(&name);
                return true;
            }
            self.get_mut(&name);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_entry_that_may_not_go_stays() {
        let mut table = Lru::new(2);
        table.entry("held", |_| true, || 0);
        table.entry("b", |_| true, || 1);
        table.entry("c", |value| *value != 0, || 2);
        assert_eq!(table.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["held", "c"]);
        assert!(table.entry("d", |_| false, || 3).is_none());
    }

    #[test]
    fn what_is_taken_out_is_gone_and_the_oldest_goes_first() {
        let mut table = Lru::new(3);
        for key in ["a", "b", "c"] {
            assert!(table.entry(key, |_| true, || key.to_owned()).is_some());
        }
        table.get_mut("a");
        assert_eq!((table.remove("b").as_deref(), table.remove("b")), (Some("b"), None));
        assert_eq!(
            [table.pop_oldest(), table.pop_oldest(), table.pop_oldest()],
            [Some("c".into()), Some("a".into()), None]
        );
        assert!(table.is_empty());
    }

    proptest! {
        /// Beside a list in which each is moved to the end.
        #[test]
        fn the_least_recently_used_gives_way(keys in vec(0usize..9, 0..60), most in 1usize..6) {
            let (mut table, mut list) = (Lru::new(most), Vec::<usize>::new());
            for key in keys {
                let value = *table.entry(&key.to_string(), |_| true, || key).unwrap();
                prop_assert_eq!(value, key);
                list.retain(|other| *other != key);
                list.push(key);
                if list.len() > most {
                    list.remove(0);
                }
                prop_assert_eq!(table.iter().map(|(_, value)| *value).collect::<Vec<_>>(), list.clone());
            }
        }
    }
}
