//! A provider's own code for what it answered: from a closed set, so that no text of a provider gets out.

use std::fmt;

/// A code that a provider's document lists, or that a standard does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// A name from an adapter's own table.
    Name(&'static str),
    /// A number from an adapter's own table.
    Number(u32),
    /// An enhanced status code: class, subject, detail (RFC 3463).
    Enhanced(u16, u16, u16),
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Number(number) => number.fmt(f),
            Self::Enhanced(class, subject, detail) => write!(f, "{class}.{subject}.{detail}"),
        }
    }
}
