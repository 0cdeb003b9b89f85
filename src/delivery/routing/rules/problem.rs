//! What is wrong with rules, and where.

use std::fmt;

/// What is wrong from this byte on.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) problem: String,
}

/// What is wrong with the text of rules, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The first is 1.
    pub line: usize,
    /// In characters; the first is 1.
    pub column: usize,
    /// Does the text have lines?
    has_lines: bool,
    /// Reads on from the place.
    problem: String,
}

impl Problem {
    pub(super) fn new(text: &str, Fault { at, problem }: Fault) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self {
            line: 1 + before.matches('\n').count(),
            column: 1 + line.chars().count(),
            has_lines: text.trim_end().contains('\n'),
            problem,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, has_lines, problem } = self;
        if *has_lines {
            write!(f, "line {line}, ")?;
        }
        write!(f, "column {column}: {problem}")
    }
}
