//! One line of the comparison.

use std::fmt;

use crate::runtime::net::dns::Missing;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Is it as it has to be?
    pub is_good: bool,
    /// What it is about, and what to do.
    text: String,
}

impl Finding {
    pub(super) fn good(text: impl Into<String>) -> Self {
        Self { is_good: true, text: text.into() }
    }

    pub(super) fn missing(text: impl Into<String>) -> Self {
        Self { is_good: false, text: text.into() }
    }
}

/// Characters that a terminal obeys are left out: records are written by others.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_good { "ok" } else { "missing" };
        let text: String =
            self.text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
        write!(f, "{word}: {text}")
    }
}

/// Why there is no record, for people.
pub(super) fn why(missing: Missing) -> &'static str {
    match missing {
        Missing::Name | Missing::Records => "there is no such record",
        Missing::Answer => "no name server answers",
    }
}
