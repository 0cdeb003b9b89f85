//! The members of an object, taken one by one; what is wrong with each is kept until all have been looked at.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use super::field::{Field, Shape};
use super::unknown;
use super::value::{Members, Value};
use crate::ingress::server::field_error::FieldError;

/// Enough to mend a call by; a hostile body has millions.
const MAX_FAULTS: usize = 50;

/// More than any provider keeps apart.
const MAX_WORDS: usize = 50;

/// Members not taken yet, and the faults so far. The name of a field or of an item of it is whatever shows it, and is
/// written out only where there is a fault.
pub(super) struct Fields<'a> {
    /// What the names of faults start with: `to[1].`, or nothing.
    path: String,
    members: Members<'a>,
    faults: Vec<FieldError>,
}

impl<'a> Fields<'a> {
    /// Reads the fields of a request body.
    pub(super) fn of(value: Value<'a>) -> Self {
        let mut fields = Self { path: String::new(), members: Vec::new(), faults: Vec::new() };
        match value {
            Value::Object(members) => fields.members = members,
            other => fields.mismatch("body", "an object", &other),
        }
        fields
    }

    /// The valid ones of a list of words, without duplicates.
    pub(super) fn words<T: FromStr<Err: Display> + PartialEq>(&mut self, field: &Field) -> Vec<T> {
        let (mut words, (name, items)) = (Vec::new(), self.items(field, MAX_WORDS, "words"));
        for (index, item) in items.into_iter().enumerate() {
            let word = self.read_text(format_args!("{name}[{index}]"), item);
            if let Some(word) = word.filter(|word| !words.contains(word)) {
                words.push(word);
            }
        }
        words
    }

    /// The sound ones of an object's pairs; a name that is given twice, in whatever case, is a fault.
    pub(super) fn pairs<T, E: Display>(
        &mut self,
        field: &Field,
        most: usize,
        pair: impl Fn(&str, &str) -> Result<T, E>,
    ) -> Vec<T> {
        let Some((name, value)) = self.take(field) else { return Vec::new() };
        let members = match value {
            Value::Object(members) if members.len() <= most => members,
            Value::Object(_) | Value::LongObject => {
                self.fault(&name, &format!("holds more than {most} names"));
                return Vec::new();
            }
            other => {
                self.mismatch(&name, "an object of strings", &other);
                return Vec::new();
            }
        };
        let takes_literals = field.shape == Shape::Metadata;
        let wanted = if takes_literals { "a string, a number or a boolean" } else { "a string" };
        let (mut pairs, mut seen) = (Vec::new(), BTreeSet::new());
        let has_several = members.len() > 1;
        for (key, value) in members {
            let key_shown = shortened(&key);
            let name = format_args!("{name}.{key_shown}");
            if has_several && !seen.insert(key.to_lowercase()) {
                self.fault(name, "is given twice");
                continue;
            }
            let value = match value {
                Value::Null => continue,
                Value::Text(text) => text,
                Value::Literal(text) if takes_literals => Cow::Borrowed(text),
                other => {
                    self.mismatch(name, wanted, &other);
                    continue;
                }
            };
            pairs.extend(pair(&key, &value).map_err(|error| self.fault(name, &error.to_string())).ok());
        }
        pairs
    }

    /// The name of a list, as the caller wrote it, and its items; more than `most` of them are a fault.
    pub(super) fn items(&mut self, field: &Field, most: usize, what: &str) -> (Cow<'a, str>, Vec<Value<'a>>) {
        let Some((name, value)) = self.take(field) else { return (Cow::Borrowed(field.name), Vec::new()) };
        match value {
            Value::List(items) if items.len() <= most => return (name, items),
            Value::List(_) | Value::LongList => self.fault(&name, &format!("holds more than {most} {what}")),
            other => self.mismatch(&name, "an array", &other),
        }
        (name, Vec::new())
    }

    /// The members of an object inside this one.
    pub(super) fn below(&mut self, name: impl Display + Copy, value: Value<'a>) -> Option<Self> {
        match value {
            Value::Object(members) => Some(Self { path: format!("{}{name}.", self.path), members, faults: Vec::new() }),
            other => {
                self.mismatch(name, "an object", &other);
                None
            }
        }
    }

    /// What was wrong inside.
    pub(super) fn take_faults(&mut self, mut below: Self) {
        self.faults.append(&mut below.faults);
        self.faults.truncate(MAX_FAULTS);
    }

    /// A text, if it is there and sound.
    pub(super) fn text<T: FromStr<Err: Display>>(&mut self, field: &Field) -> Option<T> {
        let (name, value) = self.take(field)?;
        self.read_text(&name, value)
    }

    /// Whatever was not taken is unknown; these are the fields that are known.
    pub(super) fn refuse_the_rest(&mut self, known: &[&Field]) {
        for (name, _) in std::mem::take(&mut self.members) {
            if self.is_full() {
                return;
            }
            let reason = format!("is not a field of a message{}", unknown::hint(&name, known));
            self.fault(shortened(&name), &reason);
        }
    }

    /// Are there as many faults as are told?
    pub(super) fn is_full(&self) -> bool {
        self.faults.len() >= MAX_FAULTS
    }

    /// Notes a fault.
    pub(super) fn fault(&mut self, name: impl Display, reason: &str) {
        if self.is_full() {
            return;
        }
        self.faults.push(FieldError { field: format!("{}{name}", self.path), reason: reason.to_owned() });
    }

    /// Is anything wrong with this field, or with an item of it?
    pub(super) fn has_fault(&self, field: &Field) -> bool {
        let name = |fault: &FieldError| fault.field.split('[').next().map(str::to_owned);
        self.faults.iter().filter_map(name).any(|name| name == field.name || Some(name.as_str()) == field.alias)
    }

    /// The result, unless there are faults.
    pub(super) fn finish<T>(self, result: Option<T>) -> Result<T, Vec<FieldError>> {
        result.filter(|_| self.faults.is_empty()).ok_or(self.faults)
    }

    /// Takes the field under its name or its alias, whichever the caller used; `null` is as good as neither. Both, or one
    /// twice, is a fault.
    pub(super) fn take(&mut self, field: &Field) -> Option<(Cow<'a, str>, Value<'a>)> {
        let mut first: Option<(Cow<'a, str>, Value<'a>)> = None;
        while let Some((name, value)) = self.take_next(field) {
            let Some((other, earlier)) = &first else {
                first = Some((name, value));
                continue;
            };
            if *other == name {
                self.fault(&name, "is given twice");
            } else if *earlier == Value::Null {
                first = Some((name, value));
            } else if value != Value::Null {
                self.fault(&name, &format!("is given as {other} too: keep one of them"));
            }
        }
        let found = first.filter(|(_, value)| *value != Value::Null);
        if found.is_none() && field.required {
            self.fault(field.name, "is required");
        }
        found
    }

    fn take_next(&mut self, field: &Field) -> Option<(Cow<'a, str>, Value<'a>)> {
        let is = |name: &str| name == field.name || Some(name) == field.alias;
        let at = self.members.iter().position(|(name, _)| is(name))?;
        Some(self.members.remove(at))
    }

    fn read_text<T: FromStr<Err: Display>>(&mut self, name: impl Display + Copy, value: Value<'a>) -> Option<T> {
        let text = self.text_of(name, value)?;
        self.read(name, &text)
    }

    fn text_of(&mut self, name: impl Display + Copy, value: Value<'a>) -> Option<Cow<'a, str>> {
        match value {
            Value::Text(text) => Some(text),
            other => {
                self.mismatch(name, "a string", &other);
                None
            }
        }
    }

    pub(super) fn read<T: FromStr<Err: Display>>(&mut self, name: impl Display + Copy, text: &str) -> Option<T> {
        text.parse().map_err(|error: T::Err| self.fault(name, &error.to_string())).ok()
    }

    pub(super) fn mismatch(&mut self, name: impl Display + Copy, wanted: &str, got: &Value<'_>) {
        self.fault(name, &format!("must be {wanted}, not {}", got.kind()));
    }
}

/// An unknown name is repeated to the caller, but not at any length.
fn shortened(name: &str) -> Cow<'_, str> {
    const MAX_LEN: usize = 64;
    match name.char_indices().nth(MAX_LEN) {
        Some((cut, _)) => format!("{}...", &name[..cut]).into(),
        None => name.into(),
    }
}
