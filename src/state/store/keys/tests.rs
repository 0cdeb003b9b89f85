//! Tests of the store's keys.

use super::*;

fn keys(text: &str) -> StoreKeys {
    StoreKeys::parse(text).unwrap()
}

fn key(id: &str, digit: char) -> String {
    format!("{id}:{}", digit.to_string().repeat(64))
}

#[test]
fn a_key_is_a_name_and_64_hex_digits_and_there_are_two_at_most() {
    let both = keys(&format!("{}, {}", key("2026b", 'A'), key("2026a", '0')));
    assert_eq!(
        (both.ids().collect::<Vec<_>>(), format!("{both:?}")),
        (vec!["2026b", "2026a"], "[\"2026b\", \"2026a\"]".into())
    );
    let (short, sign) = (key("a", '0')[..65].to_owned(), key("a", '+'));
    let three = [key("a", '0'), key("b", '1'), key("c", '2')].join(",");
    for text in ["", "a", "a:", &key("", '0'), &key("a", 'g'), &key("a b", '0'), &short, &sign, &three] {
        let error = StoreKeys::parse(text).unwrap_err();
        assert!(error.starts_with("must be a name"), "{text}: {error}");
    }
    assert!(StoreKeys::parse(&[key("a", '0'), key("a", '1')].join(",")).is_err());
    let twice = StoreKeys::parse(&[key("new", 'a'), key("old", 'A')].join(",")).unwrap_err();
    assert_eq!(twice, "has one key under two names, `new` and `old`: make a new one");
}

#[test]
fn a_wrapped_key_opens_with_its_own_store_key_purpose_and_owner_alone() {
    let (old, new) = (keys(&key("a", '1')), keys(&[key("b", '2'), key("a", '1')].join(",")));
    let wrapped = old.wrap("content", b"17", &[7; LENGTH]).unwrap();
    assert_eq!(new.unwrap("content", b"17", &wrapped), Some([7; LENGTH]), "the second key still opens");
    assert_eq!(new.wrap("content", b"17", &[7; LENGTH]).unwrap().key_id, "b", "the first key wraps");
    assert_eq!(old.unwrap("recipients", b"17", &wrapped), None);
    assert_eq!(old.unwrap("content", b"18", &wrapped), None);
    assert_eq!(keys(&key("a", '2')).unwrap("content", b"17", &wrapped), None, "another key of the same name");
    let mut changed = wrapped.clone();
    changed.bytes[20] ^= 1;
    assert_eq!(old.unwrap("content", b"17", &changed), None);
    assert_ne!(old.wrap("content", b"17", &[7; LENGTH]).unwrap().bytes, wrapped.bytes, "a nonce of its own");
}

#[test]
fn what_is_derived_differs_by_key_purpose_and_text_and_is_the_same_for_ever() {
    let two = keys(&[key("a", '1'), key("b", '2')].join(","));
    let hmacs: Vec<_> = two.hmacs("recipient", "b@example.org").collect();
    assert_eq!((hmacs.len(), hmacs[0] == hmacs[1]), (2, false));
    assert_ne!(Some(hmacs[0]), two.hmacs("recipient", "c@example.org").next());
    assert_ne!(Some(hmacs[0]), two.hmacs("check", "b@example.org").next());
    let first = two.check_value("a").unwrap()[..4].to_vec();
    assert_eq!(first, GOLDEN_CHECK, "another version could not read what this one has written");
}

/// `HMAC-SHA-256(0x11 * 32, "smsp 1 check\0")`, its first bytes.
const GOLDEN_CHECK: [u8; 4] = [43, 186, 231, 249];
