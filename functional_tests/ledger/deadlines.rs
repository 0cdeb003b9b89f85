//! I5: exactly one answer, and in time.

use std::time::Duration;

use super::record::{Ledger, Sent};
use super::rule::Rule;

/// What the deadline may be overstepped by on a machine that is never late itself.
const SLACK: Duration = Duration::from_millis(200);

/// What this process sees of the machine's lag, the proxy suffers too.
const BOTH: u32 = 2;

/// Judges how long each caller waited.
pub(super) fn check(ledger: &Ledger, note: &mut impl FnMut(Rule, String)) {
    let due = |sent: &Sent| ledger.deadline + sent.allowance + SLACK;
    for sent in ledger.every().filter(|sent| sent.took > due(sent)) {
        let lag = ledger.lags.between(sent.from, sent.to);
        if sent.took > due(sent) + lag * BOTH {
            let (number, took, allowance) = (sent.number, sent.took, sent.allowance);
            let more = format!("{allowance:?} more for its size and {lag:?} of lag");
            note(Rule::I5, format!("mail {number} took {took:?}, with {more}\n{}", sent.answer));
        }
    }
    for why in &ledger.unanswered {
        note(Rule::I5, why.clone());
    }
}
