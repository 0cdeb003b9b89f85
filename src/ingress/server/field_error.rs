//! A field of a request that is wrong, with its name and never with its value: a client may have put a key there.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

/// Characters of a name that are told back.
const MAX_NAME: usize = 64;

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field as the caller named it, for example `to[1]`.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

impl FieldError {
    /// With its name as it is.
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }

    /// A parameter `name=value` of a query, with its name short and printable.
    pub fn of_parameter(pair: &str, reason: impl Into<String>) -> Self {
        let name = pair.split('=').next().unwrap_or_default();
        let plain = |c: char| if c.is_ascii_graphic() { c } else { '?' };
        let field: String = if name.is_empty() { "query" } else { name }.chars().take(MAX_NAME).map(plain).collect();
        Self::new(field, reason)
    }
}

/// As the detail of a problem tells it.
impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_parameter_is_short_and_printable() {
        let field = |pair: &str| FieldError::of_parameter(pair, "").field;
        assert_eq!(field("dry-run=canary"), "dry-run");
        assert_eq!(field("=canary"), "query");
        assert_eq!(field("\u{e9}\u{7f}=1"), "??");
        assert_eq!(field(&"a".repeat(1000)), "a".repeat(MAX_NAME));
    }
}
