//! Judges a run by the rules F1 to F14.

mod heard;
mod looked;
mod queued;
mod sums;
mod taken;

use super::super::rule::{Rule, Violation};
use super::history::{History, Run};

/// Everything that must not be.
pub(super) fn violations(run: &Run) -> Vec<Violation> {
    let mut found = Vec::new();
    for mail in &run.mails {
        let faults =
            [taken::faults(run, mail), heard::faults(run, mail), queued::faults(run, mail), looked::faults(run, mail)];
        found.extend(faults.into_iter().flatten().map(|(rule, fault)| violation(rule, fault, mail)));
    }
    found.extend(sums::faults(run).into_iter().map(|what| Violation { rule: Rule::F13, what }));
    found
}

fn violation(rule: Rule, fault: &str, mail: &History) -> Violation {
    Violation { rule, what: format!("mail {} {fault}\n{mail}", mail.wants.number) }
}
