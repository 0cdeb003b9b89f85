//! The query of a call that has one. A name in it that the call does not take is refused, and no value is told back.

use axum::http::Uri;

use super::refusal::malformed;
use crate::ingress::server::field_error::FieldError;
use crate::ingress::server::problem::Problem;

/// Names of a query that one answer tells back.
const MAX_NAMES: usize = 20;

/// The parameters of a query.
pub(super) struct Query(Vec<(&'static str, String)>);

impl Query {
    /// These parameters. Another name, a name without a value and one that is given twice are faults.
    pub(super) fn read(uri: &Uri, names: &[&'static str]) -> Result<Self, Problem> {
        let (mut values, mut errors) = (Vec::new(), Vec::new());
        for pair in uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).take(MAX_NAMES) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(name) = names.iter().find(|known| **known == name) else {
                errors.push(FieldError::of_parameter(pair, not_one_of(names)));
                continue;
            };
            match decoded(value).filter(|value| !value.is_empty()) {
                _ if values.iter().any(|(known, _)| known == name) => {
                    errors.push(FieldError::new(*name, "is given twice"));
                }
                Some(value) => values.push((*name, value)),
                None => errors.push(FieldError::new(*name, "has no value")),
            }
        }
        if errors.is_empty() { Ok(Self(values)) } else { Err(malformed(errors)) }
    }

    /// The value of this one, if it is there; it is not there any more then.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.swap_remove(place).1)
    }
}

/// RFC 3986: two hex digits behind a `%` are a byte. A `+` is one, as in the offset of a time.
fn decoded(value: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), value.as_bytes());
    while let [first, behind @ ..] = rest {
        let escaped = behind.split_first_chunk::<2>().filter(|_| *first == b'%');
        let (byte, left) = match escaped {
            Some((digits, left)) => (u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?, left),
            None => (*first, behind),
        };
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8(bytes).ok()
}

fn not_one_of(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("is not a parameter of this call: it has {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_with_and_without_escapes() {
        for text in ["2026-11-21T22:05:09+01:00", "2026-11-21T22%3A05%3A09%2B01%3a00"] {
            let uri = format!("/outbox/mails?from={text}&limit=5").parse().unwrap();
            let mut query = Query::read(&uri, &["from", "limit", "after"]).unwrap();
            let values = ["from", "limit", "after", "from"].map(|name| query.take(name));
            let expected = [Some("2026-11-21T22:05:09+01:00"), Some("5"), None, None];
            assert_eq!(values, expected.map(|value| value.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn other_names_and_faults_are_named_and_no_value_is_told_back() {
        for (query, reason) in [
            ("limit=1&limit=canary", "limit: is given twice"),
            ("limit", "limit: has no value"),
            ("limit=%ff", "limit: has no value"),
            ("limit=%zz", "limit: has no value"),
            ("stats=canary", "stats: is not a parameter of this call: it has `from`, `limit`"),
        ] {
            let uri: Uri = format!("/outbox/mails?{query}").parse().unwrap();
            let problem = Query::read(&uri, &["from", "limit"]).err().expect("a fault");
            assert!(problem.detail.contains(reason) && !problem.detail.contains("canary"), "{}", problem.detail);
        }
    }
}
