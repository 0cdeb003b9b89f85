//! Lists of API keys that can be looked up but not read back: each by its digest, with its holder's name and role, and
//! perhaps a last day.
//!
//! A look-up takes one digest and one access to a map, however many keys there are. Missing, wrong and expired keys take
//! the same way through it.

mod digest;
mod entry;
mod role;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use digest::KeyDigest;
use entry::Entry;
pub use role::KeyRole;

/// Keys of one holder that are good at a time: two, so that a new one can take over from the old one.
const MAX_KEYS_OF_HOLDER: usize = 2;

/// More keys than this are a mistake in the file.
const MAX_KEYS: usize = 1000;

/// The keys of all holders. `R` is what is kept of each holder beside its name.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRing<R = ()>(HashMap<KeyDigest, Key<R>>);

#[derive(Clone, PartialEq, Eq)]
struct Key<R> {
    name: Arc<str>,
    role: R,
    /// The key is good before this time.
    end: Option<SystemTime>,
}

impl<R> Key<R> {
    fn is_good(&self, now: SystemTime) -> bool {
        self.end.is_none_or(|end| now < end)
    }
}

impl<R> Default for KeyRing<R> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl KeyRing {
    /// Adds a holder with one key: the one of `SMSP_API_KEY`, before all others.
    pub fn add(&mut self, name: &str, key: &str) {
        self.0.insert(KeyDigest::of(key.as_bytes()), Key { name: name.into(), role: (), end: None });
    }
}

impl<R: KeyRole> KeyRing<R> {
    /// Adds `name:key` entries, separated by commas or line ends; `name:sha256:<hex>` holds the digest alone, and
    /// `;until=2027-01-31` behind either the last day (UTC) that the key is good for. A key stands in one entry, and a
    /// holder has two that are good `now`. There is one entry at least. An error names its entry by number and holder, and tells no key.
    pub fn read(&mut self, text: &str, now: SystemTime) -> Result<(), String> {
        let mut read = Vec::new();
        let entries = text.split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
        for (number, entry) in (1..).zip(entries) {
            let entry = Entry::read(entry).map_err(|problem| format!("entry {number} {problem}"))?;
            if let Some(other) = self.0.get(&entry.digest) {
                let place = read.iter().position(|digest| *digest == entry.digest);
                return Err(format!("entry {number} (`{}`) {}", entry.name, repeats(place, &other.name, &entry.name)));
            }
            let good = self.0.values().filter(|other| other.name == entry.name && other.is_good(now)).count();
            let Entry { name, role, digest, end } = entry;
            let key = Key { name, role, end };
            if key.is_good(now) && good == MAX_KEYS_OF_HOLDER {
                return Err(format!("entry {number} is one key too many of `{}`: remove the oldest", key.name));
            }
            if self.0.len() == MAX_KEYS {
                return Err(format!("has more than {MAX_KEYS} keys"));
            }
            read.push(digest);
            self.0.insert(digest, key);
        }
        if read.is_empty() {
            return Err(format!("has no entry: write {}", R::FORM));
        }
        Ok(())
    }
}

/// What is wrong with a key of `name` that `other` has too, in the entry at this index or, without one, in none.
fn repeats(place: Option<usize>, other: &str, name: &str) -> String {
    let place = place.map_or_else(|| "SMSP_API_KEY".to_owned(), |index| format!("entry {}", index + 1));
    if other == name {
        return format!("repeats the key of {place}: remove one of the two");
    }
    format!("has the key of {place} (`{other}`): give each a key of its own")
}

impl<R: Clone> KeyRing<R> {
    /// The holder of this key, if the key is good `now`. No ring holds the empty key, which a request without a key has.
    pub fn find(&self, key: &[u8], now: SystemTime) -> Option<(Arc<str>, R)> {
        let found = self.0.get(&KeyDigest::of(key)).filter(|_| !key.is_empty());
        let key = found.filter(|key| key.is_good(now))?;
        Some((Arc::clone(&key.name), key.role.clone()))
    }
}

impl<R> KeyRing<R> {
    /// The names of the holders with their roles, in no order; a holder of two keys comes twice.
    pub fn holders(&self) -> impl Iterator<Item = (&Arc<str>, &R)> {
        self.0.values().map(|key| (&key.name, &key.role))
    }

    /// The names of the holders with their roles and the end of each key that is good `now`.
    pub fn good(&self, now: SystemTime) -> impl Iterator<Item = (&Arc<str>, &R, Option<SystemTime>)> {
        self.0.values().filter(move |key| key.is_good(now)).map(|key| (&key.name, &key.role, key.end))
    }

    /// The end of the longest-lived key of each holder whose keys all end, whether or not they have ended.
    pub fn ends(&self) -> HashMap<Arc<str>, SystemTime> {
        let mut ends = HashMap::<Arc<str>, Option<SystemTime>>::new();
        for key in self.0.values() {
            let end = ends.entry(Arc::clone(&key.name)).or_insert(key.end);
            *end = end.zip(key.end).map(|(one, other)| one.max(other));
        }
        ends.into_iter().filter_map(|(name, end)| Some((name, end?))).collect()
    }

    /// A key that is in both, by its holder here and its holder there.
    pub fn shared_with<'a, S>(&'a self, other: &'a KeyRing<S>) -> Option<(&'a Arc<str>, &'a Arc<str>)> {
        self.0.iter().find_map(|(digest, key)| Some((&key.name, &other.0.get(digest)?.name)))
    }

    /// These keys with something else kept of each holder.
    pub fn map<S>(self, mut role: impl FnMut(&Arc<str>, R) -> S) -> KeyRing<S> {
        let mut key = |Key { name, role: before, end }| Key { role: role(&name, before), name, end };
        KeyRing(self.0.into_iter().map(|(digest, before)| (digest, key(before))).collect())
    }
}

#[cfg(test)]
mod tests;
