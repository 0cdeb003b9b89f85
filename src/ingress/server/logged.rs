//! A problem as the log tells it: the name of its type, and the names of the fields that are wrong.
//!
//! A name stands in the log only as far as the listener itself has it: where a client chooses names, as in `metadata`, it
//! may have put an address or a key, so there stands [`OTHER`].

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::field_error::FieldError;

/// What stands for a name that is not ours.
const OTHER: &str = "*";
/// Fields that one line names.
const MAX_FIELDS: usize = 10;
/// What stands for more of them.
const MORE: &str = "...";
/// Parts of one name.
const MAX_PARTS: usize = 4;
/// Digits of a place in a list: more of them may be a telephone number.
const MAX_DIGITS: usize = 3;

/// Names of fields that may stand in the log, in lists.
pub type Known = [&'static [&'static str]; 2];

/// A problem that was written.
#[derive(Debug)]
pub struct LoggedProblem {
    /// The last part of its type.
    name: Cow<'static, str>,
    /// As the client named them.
    fields: Vec<String>,
}

impl LoggedProblem {
    /// The problem of this name, about these fields if it is about fields.
    pub fn new(name: Cow<'static, str>, errors: Option<&[FieldError]>) -> Self {
        let fields = errors.unwrap_or_default().iter().take(MAX_FIELDS + 1).map(|error| error.field.clone());
        Self { name, fields: fields.collect() }
    }

    /// The last part of its type.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The fields, each once; nothing where it is about none.
    pub fn fields(&self, known: &Known) -> Option<String> {
        let mut seen = BTreeSet::new();
        let names = self.fields.iter().take(MAX_FIELDS).map(|field| shown(field, known));
        let names = names.filter(|name| seen.insert(name.clone()));
        let more = (self.fields.len() > MAX_FIELDS).then(|| MORE.to_owned());
        let fields = names.chain(more).collect::<Vec<_>>().join(",");
        (!fields.is_empty()).then_some(fields)
    }
}

/// The name as far as it is ours: `to[1].email`, `metadata.*`.
fn shown(field: &str, known: &Known) -> String {
    let mut shown = String::new();
    for part in field.split('.').take(MAX_PARTS) {
        let separator = if shown.is_empty() { "" } else { "." };
        shown.push_str(separator);
        if !is_ours(part, known) {
            // What follows may be the rest of a name with a dot in it.
            shown.push_str(OTHER);
            break;
        }
        shown.push_str(part);
    }
    shown
}

/// A known name, perhaps with a place in a list.
fn is_ours(part: &str, known: &Known) -> bool {
    let (name, place) = part.split_once('[').map_or((part, None), |(name, place)| (name, Some(place)));
    let is_place = |place: &str| {
        let digits = place.strip_suffix(']').unwrap_or_default();
        (1..=MAX_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    known.iter().any(|names| names.contains(&name)) && place.is_none_or(is_place)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Known = [&["to", "email", "metadata", "headers"], &["from"]];

    fn fields(names: &[&str]) -> Option<String> {
        let errors: Vec<_> = names.iter().map(|name| FieldError::new(*name, "is wrong")).collect();
        LoggedProblem::new("invalid-message".into(), Some(&errors)).fields(&KNOWN)
    }

    #[test]
    fn only_names_of_ours_are_told_and_places_in_lists() {
        for (name, expected) in [
            ("from", "from"),
            ("to[12].email", "to[12].email"),
            ("metadata.a@example.org", "metadata.*"),
            ("metadata.john.from", "metadata.*"),
            ("headers.X-a@example.org", "headers.*"),
            ("a@example.org", "*"),
            ("to[a@example.org]", "*"),
            ("to[49151123456]", "*"),
            ("to[]", "*"),
            ("to[1", "*"),
            ("To", "*"),
            ("", "*"),
            ("to.to.to.to.to", "to.to.to.to"),
        ] {
            assert_eq!(fields(&[name]).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn a_line_names_few_fields_each_once_and_says_that_there_are_more() {
        assert_eq!(fields(&["metadata.a", "from", "metadata.b"]).as_deref(), Some("metadata.*,from"));
        let many: Vec<_> = (0..50).map(|place| format!("to[{place}]")).collect();
        let fields = fields(&many.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        assert!(fields.starts_with("to[0],") && fields.ends_with(",to[9],..."), "{fields}");
        assert!(LoggedProblem::new("not-found".into(), None).fields(&KNOWN).is_none());
    }
}
