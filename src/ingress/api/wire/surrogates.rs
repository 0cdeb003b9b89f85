//! Half of a surrogate pair in a text (`"\ud83d"` alone): it is JSON (RFC 8259 8.2), but it is no text that a mail can hold.
//!
//! The JSON library refuses the whole body for it. So only where it has refused one, each such half is overwritten with
//! [`MARK`], and the body is read again: then the field that holds it can be named.

use memchr::memchr;

/// U+FFFF: Unicode keeps it for use inside of a program and never as a character (Unicode 23.7).
pub(super) const MARK: char = '\u{ffff}';

/// Marks every half; whether there was one. An escape keeps its length, so that every place stays what it was.
pub(super) fn mark(json: &mut [u8]) -> bool {
    let (mut at, mut found) = (0, false);
    while let Some(next) = json.get(at..).and_then(|rest| memchr(b'\\', rest)) {
        at += next;
        at += match (unit(json, at), unit(json, at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                json[at + 2..at + 6].copy_from_slice(b"ffff");
                found = true;
                6
            }
            _ => 2,
        };
    }
    found
}

/// The UTF-16 code unit of the escape that starts here, if one does.
fn unit(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(br"\u")?;
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn halves_are_marked_and_nothing_else() {
        for (json, marked) in [
            (r#""\ud83d""#, r#""\uffff""#),
            (r#""\uDE00 \uD83D""#, r#""\uffff \uffff""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\uffff\ud83d\ude00""#),
            (r#""\ud83d\n""#, r#""\uffff\n""#),
            (r#""\\\ud83d""#, r#""\\\uffff""#),
        ] {
            let mut bytes = json.as_bytes().to_vec();
            assert!(mark(&mut bytes), "{json}");
            assert_eq!(String::from_utf8(bytes).unwrap(), marked);
        }
        for json in [r#""\ud83d\ude00""#, r#""\\ud83d""#, r#""\u00fc\n""#, r"\", r"\u", r"\ud8", r"\u+d83", ""] {
            let mut bytes = json.as_bytes().to_vec();
            assert!(!mark(&mut bytes), "{json}");
            assert_eq!(bytes, json.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn a_text_has_a_half_exactly_where_utf_16_has_one(units in proptest::collection::vec(
            prop_oneof![Just(0x61_u16), 0xd7fe..0xe002_u16], 0..12)) {
            let mut json: Vec<u8> = units.iter().flat_map(|unit| format!("\\u{unit:04x}").into_bytes()).collect();
            prop_assert_eq!(mark(&mut json), String::from_utf16(&units).is_err());
            let read: String = serde_json::from_slice(&[b"\"", &json[..], b"\""].concat()).unwrap();
            prop_assert_eq!(read.replace(MARK, "\u{fffd}"), String::from_utf16_lossy(&units));
        }
    }
}
