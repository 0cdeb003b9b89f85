//! The lists of OpenTelemetry's variables: `key=value,key=value`, special characters as `%XX` (W3C Baggage).

use crate::runtime::settings::Parsed;

/// More than anybody means.
const MOST: usize = 64;

/// The pairs of a list, which may be empty; an error quotes nothing, for it may be a secret.
pub(super) fn key_values(text: &str) -> Parsed<Vec<(String, String)>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let pairs: Option<Vec<_>> = parts.map(pair).collect();
    let pairs = pairs.filter(|pairs| pairs.len() <= MOST);
    pairs.ok_or_else(|| {
        format!("must be at most {MOST} pairs such as key=value,key=value, with %XX for special characters")
    })
}

fn pair(part: &str) -> Option<(String, String)> {
    let (key, value) = part.split_once('=')?;
    let (key, value) = (decoded(key.trim())?, decoded(value.trim())?);
    (!key.is_empty()).then_some((key, value))
}

fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&first, more)) = rest.split_first() {
        rest = more;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (digits, more) = rest.split_at_checked(2)?;
        let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
        let digits = std::str::from_utf8(digits).ok().filter(|_| is_hex)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = more;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<Vec<(String, String)>> {
        key_values(text).ok()
    }

    #[test]
    fn a_list_is_pairs_with_special_characters_as_their_bytes() {
        for (text, expected) in [
            ("", &[][..]),
            ("a=b", &[("a", "b")]),
            (" a = b , c=d=e ,", &[("a", "b"), ("c", "d=e")]),
            ("authorization=Bearer%20x%2Cy", &[("authorization", "Bearer x,y")]),
            ("a=", &[("a", "")]),
            ("a=%C3%BC%c3%bc", &[("a", "üü")]),
        ] {
            let expected: Vec<_> =
                expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            assert_eq!(found(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_list_is_refused_without_a_word_of_it() {
        for text in ["canary", "=canary", "a=%4", "a=%zz", "a=%+1", "a=%ff", &"a=b,".repeat(65)] {
            let problem = key_values(text).expect_err(text);
            assert!(!problem.contains("canary"), "{problem}");
        }
    }
}
