//! What an upstream is told of a call with a mail.

use std::time::Duration;

use crate::model::outcome::Verdict;

/// A call with a mail that has ended.
#[derive(Clone, Copy)]
pub struct Ended<'a> {
    /// What it came to.
    pub verdict: &'a Verdict,
    /// How long it took.
    pub took: Duration,
    /// Was the mail asked about here before?
    pub is_repeat: bool,
    /// Is another upstream ready for this mail? Matters after a failure only.
    pub has_alternative: bool,
}
