//! What a run of the whole ledger prints: a line for each scenario.

use std::time::Duration;

use super::record::Ledger;
use super::scenario::{Circuits, Scenario};

/// Evidence enough to begin with.
const SHOWN: usize = 3;

pub(crate) fn head() -> String {
    format!(
        "{:<26} {:<7} {:<8} {:>7} {:>8} {:>7} {:>7} {:>6} {:>10} {:>6}",
        "fault", "mode", "circuits", "mails", "accepted", "none", "unknown", "trips", "violations", "s"
    )
}

pub(crate) fn row(scenario: &Scenario, ledger: &Ledger, violations: usize, took: Duration) -> String {
    let of = |delivery: Option<&str>| ledger.sent.iter().filter(|sent| sent.delivery() == delivery).count();
    let trips: usize = ledger.accounts.iter().map(|account| account.outages.len()).sum();
    let circuits = if scenario.circuits == Circuits::Free { "free" } else { "held" };
    format!(
        "{:<26} {:<7} {circuits:<8} {:>7} {:>8} {:>7} {:>7} {trips:>6} {violations:>10} {:>6.1}",
        scenario.name,
        scenario.failover.word(),
        ledger.sent.len() + ledger.hung_up.len() + ledger.unfinished + ledger.unanswered.len() + ledger.cut_off.len(),
        of(Some("accepted")),
        of(Some("none")),
        of(Some("unknown")),
        took.as_secs_f64()
    )
}

/// The first violations, and how many there are.
pub(crate) fn judge(ledger: &Ledger) -> (usize, String) {
    let found = ledger.violations();
    let shown: Vec<_> = found.iter().take(SHOWN).map(|violation| format!("    {violation}")).collect();
    (found.len(), shown.join("\n"))
}
