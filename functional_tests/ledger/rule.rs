//! The rules that a ledger is judged by, and what breaks them.

use std::fmt;

/// What a ledger must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// Every 2xx was accepted exactly once, by the provider that it names.
    I1,
    /// Nothing is accepted twice, but with `always`, after an unknown, and marked.
    I2,
    /// Every `delivery: none` was accepted by nobody.
    I3,
    /// No mail at a provider whose circuit was open when the mail was admitted, and one probe at a time.
    I4,
    /// Exactly one answer, before the deadline.
    I5,
    /// The metrics, the receipts and the providers agree.
    I6,
    /// Nothing is called worse than it is: no unknown without a cause, no refusal while a provider would take it.
    I7,
    /// One key, at most one mail, in and after the call; a repeat hears what is held.
    I8,
    /// `retryable` and `Retry-After` ask for another call only where that may succeed and sends nothing twice.
    I9,
    /// A mail to many: each recipient is reported as the provider treated it.
    I10,
    /// Where every refusal speaks of the mail alone, no circuit moves.
    I11,
    /// A body that keeps up the minimum rate is read, one that does not is cut off, and nobody has its mail.
    I12,
    /// Every mail goes where its rule and the sender maps let it, in the order of the rule, which its answer names.
    I13,
    /// No upstream is handed more mails than its rate and one burst, in any stretch of time.
    I14,
}

/// One way in which a ledger does not hold.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) rule: Rule,
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.what)
    }
}
