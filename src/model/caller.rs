//! Who a mail is sent for: the name that belongs to an API key.
//!
//! Deliberately absent: the key itself, and what its holder may do.

use std::fmt;
use std::sync::Arc;

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
