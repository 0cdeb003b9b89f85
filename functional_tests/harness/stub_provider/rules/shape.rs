//! The form of a JSON body as a document gives it: which fields there are, of which type, how long.

use serde_json::Value;

use super::checks::Verdict;

/// What a value may be.
pub(super) enum Shape {
    Flag,
    /// At least and at most so many characters, and this about the whole.
    Text(usize, usize, fn(&str) -> bool),
    /// At least and at most so many of this.
    List(usize, usize, &'static Shape),
    /// Names of the caller's.
    Map(&'static Shape),
    /// These names and no others.
    Object(&'static [Field]),
}

pub(super) struct Field {
    name: &'static str,
    needed: bool,
    shape: Shape,
}

/// Any text, an empty one too.
pub(super) const TEXT: Shape = Shape::Text(0, usize::MAX, |_| true);
/// Any text but an empty one.
pub(super) const FILLED: Shape = Shape::Text(1, usize::MAX, |_| true);
/// A file: base64 on one line (RFC 4648 4), perhaps empty.
pub(super) const BASE64: Shape = Shape::Text(0, usize::MAX, is_base64);

pub(super) const fn needed(name: &'static str, shape: Shape) -> Field {
    Field { name, needed: true, shape }
}

pub(super) const fn may(name: &'static str, shape: Shape) -> Field {
    Field { name, needed: false, shape }
}

impl Shape {
    /// Is the value of this form? `place` says where it stands.
    pub(super) fn check(&self, value: &Value, place: &str) -> Verdict {
        match (self, value) {
            (Self::Flag, Value::Bool(_)) => Ok(()),
            (Self::Text(least, most, fits), Value::String(text)) => {
                let count = text.chars().count();
                let fits = (*least..=*most).contains(&count) && fits(text);
                if fits { Ok(()) } else { Err(format!("{place}: not valid, of {count} characters")) }
            }
            (Self::List(least, most, shape), Value::Array(items)) => {
                if !(*least..=*most).contains(&items.len()) {
                    return Err(format!("{place}: {} items, not {least} to {most}", items.len()));
                }
                items.iter().enumerate().try_for_each(|(at, item)| shape.check(item, &format!("{place}.{at}")))
            }
            (Self::Map(shape), Value::Object(members)) => {
                members.iter().try_for_each(|(name, member)| shape.check(member, &format!("{place}.{name}")))
            }
            (Self::Object(fields), Value::Object(members)) => object(fields, members, place),
            _ => Err(format!("{place}: not of the expected type")),
        }
    }
}

fn object(fields: &[Field], members: &serde_json::Map<String, Value>, place: &str) -> Verdict {
    if let Some(missing) = fields.iter().find(|field| field.needed && !members.contains_key(field.name)) {
        return Err(format!("{place}.{}: required", missing.name));
    }
    members.iter().try_for_each(|(name, member)| {
        let field = fields.iter().find(|field| field.name == name);
        field.ok_or(format!("{place}.{name}: not a field"))?.shape.check(member, &format!("{place}.{name}"))
    })
}

/// Looks only for what base64 never holds: a large file is read quickly.
fn is_base64(text: &str) -> bool {
    text.is_ascii() && text.len().is_multiple_of(4) && !['\r', '\n', ' ', '-', '_'].iter().any(|c| text.contains(*c))
}
