//! I11: where every refusal speaks of the mail alone, no circuit moves, and no other mail suffers.

use super::attempt;
use super::record::Ledger;
use super::rule::Rule;

/// Judges a run in which providers did nothing but take mails or refuse them as such.
pub(super) fn check(ledger: &Ledger, note: &mut impl FnMut(Rule, String)) {
    if !ledger.refuses_mails_alone {
        return;
    }
    let moved = ledger.metrics.count("smsp_circuit_transitions_total", &[]);
    if moved > 0 || ledger.accounts.iter().any(|account| !account.outages.is_empty()) {
        note(Rule::I11, format!("circuits moved {moved} times for what mails were like\n{}", ledger.metrics.page));
    }
    for (account, state) in ledger.accounts.iter().zip(&ledger.states).filter(|(_, state)| *state != "closed") {
        note(Rule::I11, format!("the circuit of {} is {state} for what mails were like", account.name));
    }
    for sent in ledger.every() {
        // Nobody was asked, or not everybody who might have taken it.
        if sent.answer.status == 503 && !attempt::of(sent).iter().any(|attempt| attempt.outcome == "deferred") {
            note(Rule::I11, format!("mail {} was refused for what others were like\n{}", sent.number, sent.answer));
        }
    }
}
