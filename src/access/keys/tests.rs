//! Lists of keys: what is found, what is refused, and what a look-up costs.

use std::time::{Duration, UNIX_EPOCH};

use super::*;

/// One key as it is, and by its digest.
const SAME_BY_DIGEST: &str = "a:new,b:sha256:11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437";

fn ring(text: &str) -> Result<KeyRing, String> {
    let mut ring = KeyRing::default();
    ring.read(text, UNIX_EPOCH).map(|()| ring)
}

fn holder(ring: &KeyRing, key: &str, now: SystemTime) -> Option<String> {
    ring.find(key.as_bytes(), now).map(|(name, ())| name.to_string())
}

#[test]
fn only_the_exact_key_is_found() {
    let ring = ring("a:a key").unwrap();
    assert_eq!(holder(&ring, "a key", UNIX_EPOCH).as_deref(), Some("a"));
    for other in ["a ke", "a key ", "A key", "", "a:a key"] {
        assert_eq!(holder(&ring, other, UNIX_EPOCH), None, "{other:?}");
    }
}

#[test]
fn the_empty_key_is_never_found_and_its_digest_is_refused() {
    let empty = "a:sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert!(ring(empty).is_err_and(|problem| problem.contains("empty key")));
    let mut with_empty = KeyRing::default();
    with_empty.add("a", "");
    assert_eq!(holder(&with_empty, "", UNIX_EPOCH), None);
}

#[test]
fn lists_that_let_nobody_in_and_keys_that_can_never_match_are_refused() {
    for text in ["", ",", " ,\n", "a: key", "a:key ;until=2027-01-31"] {
        assert!(ring(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_holder_may_have_two_keys_and_a_key_may_be_a_digest() {
    let digest = "SHA256 of `new`: 11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437";
    let hex = digest.rsplit(' ').next().unwrap();
    let ring = ring(&format!("billing:old,\n billing:sha256:{hex} ,shop:other\n")).unwrap();
    for (key, caller) in [("old", "billing"), ("new", "billing"), ("other", "shop")] {
        assert_eq!(holder(&ring, key, UNIX_EPOCH).as_deref(), Some(caller), "{key}");
    }
    assert_eq!(holder(&ring, hex, UNIX_EPOCH), None, "a digest is no key");
    let mut names: Vec<_> = ring.holders().map(|(name, ())| &**name).collect();
    names.sort_unstable();
    assert_eq!(names, ["billing", "billing", "shop"]);
}

#[test]
fn a_key_is_good_through_its_last_day_and_no_longer() {
    let ring = ring("a:k;until=1970-01-02").unwrap();
    let day = Duration::from_secs(86_400);
    assert_eq!(holder(&ring, "k", UNIX_EPOCH + day * 2 - Duration::from_nanos(1)).as_deref(), Some("a"));
    assert_eq!(holder(&ring, "k", UNIX_EPOCH + day * 2), None);
}

#[test]
fn the_longest_lived_key_of_a_holder_is_its_end_unless_a_key_has_none() {
    let ring =
        ring("a:1;until=1970-01-02,a:2;until=1970-01-05,b:3;until=1970-01-01,b:4,gone:5;until=1969-12-31").unwrap();
    let day = Duration::from_secs(86_400);
    let ends = HashMap::from([("a".into(), UNIX_EPOCH + day * 5), ("gone".into(), UNIX_EPOCH)]);
    assert_eq!(ring.ends(), ends);
}

#[test]
fn expired_keys_do_not_count_against_the_two_of_a_holder() {
    let ring = ring("a:old;until=1969-12-31,a:live,a:older;until=1969-12-30,a:new;until=1970-01-01").unwrap();
    for (key, opens) in [("old", None), ("older", None), ("live", Some("a")), ("new", Some("a"))] {
        assert_eq!(holder(&ring, key, UNIX_EPOCH).as_deref(), opens, "{key}");
    }
}

#[test]
fn a_key_that_repeats_smsp_api_key_is_refused() {
    for (text, problem) in [
        ("b:1,c:canary", "entry 2 (`c`) has the key of SMSP_API_KEY (`the-one`): give each a key of its own"),
        ("the-one:canary", "entry 1 (`the-one`) repeats the key of SMSP_API_KEY: remove one of the two"),
    ] {
        let mut ring = KeyRing::default();
        ring.add("the-one", "canary");
        assert_eq!(ring.read(text, UNIX_EPOCH), Err(problem.to_owned()), "{text}");
    }
}

/// The comparisons of digests that it takes to find each of these keys.
fn comparisons(ring: &KeyRing, keys: impl Iterator<Item = String>, are_found: bool) -> usize {
    digest::comparisons(|| {
        for key in keys {
            assert_eq!(ring.find(key.as_bytes(), UNIX_EPOCH).is_some(), are_found, "{key}");
        }
    })
}

#[test]
fn a_thousand_keys_cost_a_look_up_what_one_costs() {
    let ring = |count: usize| ring(&(0..count).map(|number| format!("c{number}:k{number},")).collect::<String>());
    let (one, thousand) = (ring(1).unwrap(), ring(MAX_KEYS).unwrap());
    let right = || (0..MAX_KEYS).map(|number| format!("k{number}"));
    let wrong = || (0..MAX_KEYS).map(|number| format!("w{number}"));
    assert_eq!(comparisons(&one, right().take(1), true), 1);
    // The map compares whole digests only where seven bits of their hashes agree: rarely those of two keys.
    let (found, refused) = (comparisons(&thousand, right(), true), comparisons(&thousand, wrong(), false));
    assert!((MAX_KEYS..MAX_KEYS * 6 / 5).contains(&found), "{found} comparisons for {MAX_KEYS} right keys");
    assert!(refused < MAX_KEYS / 5, "{refused} comparisons for {MAX_KEYS} wrong keys");
}

#[test]
fn the_number_of_keys_is_bounded() {
    let keys = |count| (0..count).map(|number| format!("c{number}:k{number},")).collect::<String>();
    assert!(ring(&keys(MAX_KEYS)).is_ok());
    assert_eq!(ring(&keys(1_000_000)).err().as_deref(), Some("has more than 1000 keys"));
}

#[test]
fn a_mistake_is_named_by_its_entry_and_never_quoted() {
    for (text, problem) in [
        ("canary", "entry 1 must be name:key"),
        ("a:b,Canary:k", "entry 2 must start with a name"),
        ("a:", "entry 1 has no key"),
        ("a:sha256:canary", "entry 1 must have 64 hexadecimal digits"),
        ("a:canary;until=tomorrow", "entry 1 must end with ;until=YYYY-MM-DD"),
        ("a:canary;until=2027-02-30", "entry 1 must end with ;until=YYYY-MM-DD"),
        ("a:1,a:2,a:3", "entry 3 is one key too many of `a`: remove the oldest"),
        ("a:1,a:2;until=1970-01-01,a:3", "entry 3 is one key too many of `a`: remove the oldest"),
        ("a:canary,b:1,c:canary", "entry 3 (`c`) has the key of entry 1 (`a`): give each a key of its own"),
        ("a:canary,a:canary", "entry 2 (`a`) repeats the key of entry 1: remove one of the two"),
        (SAME_BY_DIGEST, "entry 2 (`b`) has the key of entry 1 (`a`)"),
        ("a:canary;until=1969-12-31,b:canary", "entry 2 (`b`) has the key of entry 1 (`a`)"),
    ] {
        let error = ring(text).err().unwrap_or_default();
        assert!(error.starts_with(problem) && !error.to_lowercase().contains("canary"), "{text}: {error}");
    }
}
