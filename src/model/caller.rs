//! Who a mail is sent for: the name that belongs to an API key.
//!
//! Deliberately absent: the key itself, and what its holder may do.

use std::fmt;
use std::sync::Arc;

/// Is it a name of a key's holder, be it a caller or an admin: lower-case letters, digits and `-`, a letter first?
pub fn is_name(text: &str) -> bool {
    text.starts_with(can_start_name) && text.chars().all(is_of_name)
}

/// Whose mail the bounces of direct delivery are: no key's holder can be called so.
pub const BOUNCES: &str = "_bounces";

/// Can mail be of a caller of this name: of a key's holder, or of the node's own bounces?
pub fn is_name_of_caller(text: &str) -> bool {
    is_name(text) || text == BOUNCES
}

/// May a name start with it?
pub fn can_start_name(c: char) -> bool {
    c.is_ascii_lowercase()
}

/// May a name have it?
pub fn is_of_name(c: char) -> bool {
    can_start_name(c) || c.is_ascii_digit() || c == '-'
}

/// The name of a caller; no two callers share one. A clone shares its text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallerName(Arc<str>);

impl CallerName {
    /// The name as configured.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Arc<str>> for CallerName {
    fn from(name: Arc<str>) -> Self {
        Self(name)
    }
}

impl From<&str> for CallerName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for CallerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_lower_case_letters_digits_and_dashes_and_starts_with_a_letter() {
        for name in ["a", "shop", "shop-2", "a--"] {
            assert!(is_name(name), "{name}");
        }
        for other in ["", "-", "--json", "2shop", "Shop", "a b", "a_b", "a&b", "a%62", "caf\u{e9}", "a\n"] {
            assert!(!is_name(other), "{other:?}");
        }
    }
}
