//! Words of answers as they stand in the document. Those of an attempt are listed by the code that writes them, and are no
//! closed set.

use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use crate::model::outcome::{Outcome, Reason};

/// What an attempt came to.
pub(super) fn outcome() -> Object {
    text(&format!("What it came to: {}.", listed(Outcome::ALL.map(Outcome::as_str))))
}

/// Why it came to that.
pub(super) fn reason() -> Object {
    text(&format!("Why: {}.", reasons()))
}

/// Why a mail that waits, or was refused, was not taken.
pub(super) fn not_taken() -> Object {
    let about =
        "Why the last attempt did not take it, while it waits or if it was refused; absent where there was none";
    text(&format!("{about}: {}.", reasons()))
}

fn reasons() -> String {
    let words = listed(Reason::NAMED.map(|reason| reason.to_string()));
    let (http, smtp) = (Reason::Status(502), Reason::Smtp(550));
    format!("the status of the provider's answer (`{http}`), the code of a relay's (`{smtp}`), or {words}")
}

/// Can the store be written?
pub(super) fn store() -> Object {
    let about = "`up`, or `down`: then what needs the store is answered 503, and `POST /email` goes on. Absent where there is no store.";
    let words = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["up", "down"]));
    words.description(Some(about)).build()
}

fn text(about: &str) -> Object {
    let about = format!("{about} More words may come, so do not fail at one that you do not know.");
    ObjectBuilder::new().schema_type(Type::String).description(Some(about)).build()
}

fn listed(words: impl IntoIterator<Item: AsRef<str>>) -> String {
    let words: Vec<_> = words.into_iter().map(|word| format!("`{}`", word.as_ref())).collect();
    words.join(", ")
}
