//! API keys that can be compared but not read back: each by its digest, with its caller's name and perhaps a last day.

use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable, ConstantTimeEq};
use time::Date;
use time::format_description::well_known::Iso8601;

/// Of a caller, that are good at a time: so that one can take the place of the other.
const KEYS_OF_A_CALLER: usize = 2;

/// Every one is compared with every key that is presented.
const MOST_KEYS: usize = 1000;

/// The SHA-256 of a key. Comparing digests in constant time tells a guesser neither length nor prefix.
#[derive(Clone, PartialEq, Eq)]
struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// Of a key as it was configured or presented.
    fn of(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// As `sha256sum` prints it.
    fn from_hex(text: &str) -> Option<Self> {
        let digits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let byte = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
        let mut digest = [0; 32];
        for (at, place) in digest.iter_mut().enumerate() {
            *place = byte(at).filter(|_| digits)?;
        }
        Some(Self(digest))
    }
}

/// A caller's key.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    caller: Arc<str>,
    digest: KeyDigest,
    /// Good before this.
    end: Option<SystemTime>,
}

impl Key {
    fn is_good(&self, now: SystemTime) -> bool {
        self.end.is_none_or(|end| now < end)
    }
}

/// All keys of all callers.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KeyRing(Vec<Key>);

impl KeyRing {
    /// Adds one caller with one key: the one of `SMSP_API_KEY`, before all others.
    pub fn add(&mut self, caller: &str, key: &str) {
        self.0.push(Key { caller: caller.into(), digest: KeyDigest::of(key.as_bytes()), end: None });
    }

    /// Adds `name:key` entries, separated by commas or line ends; `name:sha256:<hex>` holds the digest alone, and
    /// `;until=2027-01-31` behind either the last day (UTC) that the key is good for. A key stands in one entry, and a
    /// caller has two that are good `now`. An error names its entry by number and caller, and tells no key.
    pub fn read(&mut self, text: &str, now: SystemTime) -> Result<(), String> {
        let (entries, before) =
            (text.split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty()), self.0.len());
        for (number, entry) in (1..).zip(entries) {
            let key = key(entry).map_err(|problem| format!("entry {number} {problem}"))?;
            if let Some(at) = self.0.iter().position(|other| other.digest == key.digest) {
                return Err(format!("entry {number} (`{}`) {}", key.caller, self.repeats(at, before, &key)));
            }
            let live = self.0.iter().filter(|other| other.caller == key.caller && other.is_good(now)).count();
            if key.is_good(now) && live == KEYS_OF_A_CALLER {
                return Err(format!("entry {number} is one key too many of its caller: remove the oldest"));
            }
            if self.0.len() == MOST_KEYS {
                return Err(format!("has more than {MOST_KEYS} keys"));
            }
            self.0.push(key);
        }
        Ok(())
    }

    /// What is wrong with a key that stands at this place too; those `before` are of no entry.
    fn repeats(&self, at: usize, before: usize, key: &Key) -> String {
        let (other, caller) = (&self.0[at].caller, &key.caller);
        let place = if at < before { "SMSP_API_KEY".to_owned() } else { format!("entry {}", at - before + 1) };
        if other == caller {
            return format!("repeats the key of {place}: remove one of the two");
        }
        format!("has the key of {place} (`{other}`): give each caller a key of its own")
    }

    /// The caller whose key this is. Every key is compared, whichever is right.
    pub fn holder(&self, key: &[u8], now: SystemTime) -> Option<&Arc<str>> {
        let (digest, mut found) = (KeyDigest::of(key), u32::MAX);
        for (index, key) in (0..).zip(&self.0) {
            found.conditional_assign(&index, key.digest.0.ct_eq(&digest.0));
        }
        let key = self.0.get(usize::try_from(found).ok()?)?;
        key.is_good(now).then_some(&key.caller)
    }

    /// The callers' names; one with two keys comes twice.
    pub fn callers(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.iter().map(|key| &key.caller)
    }
}

fn key(entry: &str) -> Result<Key, &'static str> {
    let (entry, end) = match entry.split_once(';') {
        Some((entry, until)) => (entry, Some(end(until.trim()).ok_or("must end with ;until=YYYY-MM-DD")?)),
        None => (entry, None),
    };
    let (caller, key) = entry.split_once(':').ok_or("must be name:key")?;
    let digest = match key.strip_prefix("sha256:") {
        Some(hex) => KeyDigest::from_hex(hex).ok_or("must have 64 hexadecimal digits behind sha256:")?,
        None if key.is_empty() => return Err("has no key"),
        None => KeyDigest::of(key.as_bytes()),
    };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !caller.starts_with(|c: char| c.is_ascii_lowercase()) || !caller.chars().all(plain) {
        return Err("must start with a name of lower-case letters, digits and -, a letter first");
    }
    Ok(Key { caller: caller.into(), digest, end })
}

/// The midnight that ends a key's last day.
fn end(until: &str) -> Option<SystemTime> {
    let date = Date::parse(until.strip_prefix("until=")?, &Iso8601::DATE).ok()?;
    Some(date.next_day()?.midnight().assume_utc().into())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    /// One key as it is, and by its digest.
    const SAME_BY_DIGEST: &str = "a:new,b:sha256:11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437";

    fn ring(text: &str) -> Result<KeyRing, String> {
        let mut ring = KeyRing::default();
        ring.read(text, UNIX_EPOCH).map(|()| ring)
    }

    fn holder(ring: &KeyRing, key: &str, now: SystemTime) -> Option<String> {
        ring.holder(key.as_bytes(), now).map(ToString::to_string)
    }

    #[test]
    fn only_the_very_same_key_opens() {
        let ring = ring("a:a key").unwrap();
        assert_eq!(holder(&ring, "a key", UNIX_EPOCH).as_deref(), Some("a"));
        for other in ["a ke", "a key ", "A key", "", "a:a key"] {
            assert_eq!(holder(&ring, other, UNIX_EPOCH), None, "{other:?}");
        }
    }

    #[test]
    fn a_caller_may_have_two_keys_and_a_key_may_be_a_digest() {
        let digest = "SHA256 of `new`: 11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437";
        let hex = digest.rsplit(' ').next().unwrap();
        let ring = ring(&format!("billing:old,\n billing:sha256:{hex} ,shop:other\n")).unwrap();
        for (key, caller) in [("old", "billing"), ("new", "billing"), ("other", "shop")] {
            assert_eq!(holder(&ring, key, UNIX_EPOCH).as_deref(), Some(caller), "{key}");
        }
        assert_eq!(holder(&ring, hex, UNIX_EPOCH), None, "a digest is no key");
        assert_eq!(ring.callers().map(AsRef::as_ref).collect::<Vec<_>>(), ["billing", "billing", "shop"]);
    }

    #[test]
    fn a_key_is_good_through_its_last_day_and_no_longer() {
        let ring = ring("a:k;until=1970-01-02").unwrap();
        let day = Duration::from_secs(86_400);
        assert_eq!(holder(&ring, "k", UNIX_EPOCH + day * 2 - Duration::from_nanos(1)).as_deref(), Some("a"));
        assert_eq!(holder(&ring, "k", UNIX_EPOCH + day * 2), None);
    }

    #[test]
    fn keys_that_have_ended_leave_room_for_new_ones() {
        let ring = ring("a:old;until=1969-12-31,a:live,a:older;until=1969-12-30,a:new;until=1970-01-01").unwrap();
        for (key, opens) in [("old", None), ("older", None), ("live", Some("a")), ("new", Some("a"))] {
            assert_eq!(holder(&ring, key, UNIX_EPOCH).as_deref(), opens, "{key}");
        }
    }

    #[test]
    fn the_key_that_stands_alone_is_in_no_entry() {
        for (text, problem) in [
            (
                "b:1,c:canary",
                "entry 2 (`c`) has the key of SMSP_API_KEY (`the-one`): give each caller a key of its own",
            ),
            ("the-one:canary", "entry 1 (`the-one`) repeats the key of SMSP_API_KEY: remove one of the two"),
        ] {
            let mut ring = KeyRing::default();
            ring.add("the-one", "canary");
            assert_eq!(ring.read(text, UNIX_EPOCH), Err(problem.to_owned()), "{text}");
        }
    }

    #[test]
    fn no_more_keys_are_read_than_can_be_compared() {
        let keys = |count| (0..count).map(|number| format!("c{number}:k{number},")).collect::<String>();
        assert!(ring(&keys(MOST_KEYS)).is_ok());
        assert_eq!(ring(&keys(1_000_000)).err().as_deref(), Some("has more than 1000 keys"));
    }

    #[test]
    fn a_mistake_is_named_by_its_place_and_never_quoted() {
        for (text, problem) in [
            ("canary", "entry 1 must be name:key"),
            ("a:b,Canary:k", "entry 2 must start with a name"),
            ("a:", "entry 1 has no key"),
            ("a:sha256:canary", "entry 1 must have 64 hexadecimal digits"),
            ("a:canary;until=tomorrow", "entry 1 must end with ;until=YYYY-MM-DD"),
            ("a:canary;until=2027-02-30", "entry 1 must end with ;until=YYYY-MM-DD"),
            ("a:1,a:2,a:3", "entry 3 is one key too many"),
            ("a:1,a:2;until=1970-01-01,a:3", "entry 3 is one key too many"),
            ("a:canary,b:1,c:canary", "entry 3 (`c`) has the key of entry 1 (`a`): give each caller a key of its own"),
            ("a:canary,a:canary", "entry 2 (`a`) repeats the key of entry 1: remove one of the two"),
            (SAME_BY_DIGEST, "entry 2 (`b`) has the key of entry 1 (`a`)"),
            ("a:canary;until=1969-12-31,b:canary", "entry 2 (`b`) has the key of entry 1 (`a`)"),
        ] {
            let error = ring(text).err().unwrap_or_default();
            assert!(error.starts_with(problem) && !error.to_lowercase().contains("canary"), "{text}: {error}");
        }
    }
}
