//! I1, I2, I3 and I7 of whole mails: what the caller was told against who accepted it.

use std::collections::BTreeMap;

use super::attempt;
use super::calls::{self, Call};
use super::record::{Account, Failover, Index, Ledger, Sent};
use super::rule::Rule;
use crate::harness::Answer;

/// Judges every mail, and that nobody got one that was not sent.
pub(super) fn check(ledger: &Ledger, index: &Index<'_>, note: &mut impl FnMut(Rule, String)) {
    for Call { sent, arrivals } in calls::all(ledger, index) {
        let accepted = arrivals.iter().filter(|(_, arrival)| arrival.accepted);
        let accepted: Vec<_> = accepted.map(|(account, _)| ledger.accounts[*account].name).collect();
        for (rule, fault) in faults(ledger, sent, &accepted) {
            note(rule, format!("mail {} {fault}; accepted by {accepted:?}\n{}", sent.number, sent.answer));
        }
    }
    for number in &ledger.hung_up {
        let arrivals = index.get(number).map(Vec::as_slice).unwrap_or_default();
        if arrivals.iter().filter(|(_, arrival)| arrival.accepted).count() > 1 {
            note(Rule::I2, format!("mail {number}, of a caller who hung up, was accepted twice"));
        }
    }
    let answers = answers(ledger);
    for number in index.keys().filter(|number| !answers.contains_key(number) && !ledger.hung_up.contains(number)) {
        note(Rule::I2, format!("mail {number} arrived and was never sent"));
    }
    for (number, answers) in answers {
        if answers.iter().any(|answer| answer.json != answers[0].json) {
            note(Rule::I1, format!("mail {number} has answers that differ: {answers:#?}"));
        }
    }
}

/// One for each caller who sent the mail.
fn answers(ledger: &Ledger) -> BTreeMap<usize, Vec<&Answer>> {
    let mut answers = BTreeMap::<_, Vec<_>>::new();
    for sent in &ledger.sent {
        answers.entry(sent.number).or_default().push(&sent.answer);
    }
    answers
}

fn faults(ledger: &Ledger, sent: &Sent, accepted: &[&str]) -> Vec<(Rule, &'static str)> {
    let mut found = Vec::new();
    let unknowns = unknowns(ledger, sent);
    let always = sent.failover == Failover::Always;
    let marked = sent.answer.json["possible_duplicate"] == true;
    match (sent.answer.status, sent.delivery()) {
        (200, Some("accepted")) => {
            let provider = sent.answer.json["provider"].as_str().unwrap_or_default();
            if !accepted.contains(&provider) {
                found.push((Rule::I1, "was accepted, they say"));
            }
            if marked != (unknowns > 0) {
                found.push((Rule::I2, "may be a duplicate or may not, and its mark says the contrary"));
            }
        }
        (502..=504, Some(_)) if always && ledger.one_was_up_for(sent) => found.push((Rule::I7, "was lost")),
        (502 | 503, Some("none")) if ledger.one_was_up_for(sent) && sent.failover == Failover::Safe => {
            found.push((Rule::I7, "was refused while a provider was up"));
        }
        (504, Some("unknown")) if unknowns == 0 => found.push((Rule::I7, "is unknown, they say, and no attempt was")),
        (504, Some("unknown")) | (422 | 502 | 503, Some("none")) => {}
        _ => found.push((Rule::I5, "was answered strangely")),
    }
    if sent.delivery() == Some("none") && !accepted.is_empty() {
        found.push((Rule::I3, "is nowhere, they say"));
    }
    if accepted.len() > 1 && !(always && unknowns >= accepted.len() - 1) {
        found.push((Rule::I2, "was accepted twice"));
    }
    if unknowns > usize::from(!always && sent.delivery() == Some("unknown")) && !always {
        found.push((Rule::I2, "was tried again after an unknown"));
    }
    if sent.failover == Failover::Never && attempt::of(sent).iter().filter(|attempt| attempt.is_real()).count() > 1 {
        found.push((Rule::I2, "was tried again without failover"));
    }
    if ledger.accounts.iter().any(|account| asked_too_often(account, sent)) {
        found.push((Rule::I2, "was tried too often at one provider"));
    }
    found
}

/// At how many providers the mail may be, if not at the one that accepted it. One that is idempotent has cleared its
/// own unknown when it accepts.
fn unknowns(ledger: &Ledger, sent: &Sent) -> usize {
    let attempts = sent.answer.attempts();
    let unclear = |account: &&Account| {
        let said = |outcome| attempts.contains(&format!("{}:{outcome}", account.name));
        said("unknown") && !(account.idempotent && said("accepted"))
    };
    ledger.accounts.iter().filter(unclear).count()
}

/// Once, or once more where the provider is idempotent and the first time gave no clear answer.
fn asked_too_often(account: &Account, sent: &Sent) -> bool {
    let attempts = sent.answer.attempts();
    let here: Vec<_> = attempts.iter().filter(|attempt| attempt.starts_with(&format!("{}:", account.name))).collect();
    let again =
        account.idempotent && sent.failover != Failover::Never && here.first().is_some_and(|a| a.ends_with(":unknown"));
    here.len() > 1 + usize::from(again)
}
