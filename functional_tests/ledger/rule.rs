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
    /// Told `accepted`: the upstream that is named has the mail.
    F1,
    /// Told `queued`: the outbox shows the mail ever after, and its status says how often it was taken.
    F2,
    /// Told `none`: no provider has the mail by that call.
    F3,
    /// A mail without a key is taken once, unless it is marked.
    F4,
    /// After a hand-over that may have succeeded there is no other one, but at an upstream that takes a mail once.
    F5,
    /// One key, one mail: whichever nodes are called, it has one id and is taken once.
    F6,
    /// A repeat never hears less than an earlier answer.
    F7,
    /// A 409 is given while another call under the key is in flight elsewhere, never for ever, and says when to come again.
    F8,
    /// No 202 without the setting, nor to a caller who refuses it.
    F9,
    /// No mail is queued after a hand-over that may have succeeded, nor while an upstream would take it.
    F10,
    /// No caller is refused because of the providers where its mail may be queued; one that prefers that is queued at once.
    F11,
    /// `GET /email/{id}` says what the last answer and the outbox say.
    F12,
    /// Metrics and the outbox count what callers were told.
    F13,
    /// While the store is away, a call under a key is refused before its mail is handed over.
    F14,
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
