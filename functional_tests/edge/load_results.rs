//! What came of a load: answers and how long they took, joined with what the provider has accepted.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ledger::record::Sent;

/// What came of it.
#[derive(Default)]
pub(super) struct LoadResults {
    /// In order.
    pub(super) sent: Vec<Sent>,
    /// Why other mails have no answer.
    pub(super) unanswered: Vec<String>,
}

impl LoadResults {
    pub(super) fn of(answered: impl IntoIterator<Item = Result<Sent, String>>) -> Self {
        let mut results = Self::default();
        for answered in answered {
            match answered {
                Ok(sent) => results.sent.push(sent),
                Err(why) => results.unanswered.push(why),
            }
        }
        results.sent.sort_by_key(|sent| sent.from);
        results
    }

    /// Both of them.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.sent.extend(other.sent);
        self.unanswered.extend(other.unanswered);
        self
    }

    pub(super) fn of_status(&self, status: u16) -> impl Iterator<Item = &Sent> {
        self.sent.iter().filter(move |sent| sent.answer.status == status)
    }

    /// All that is not 200.
    pub(super) fn failures(&self) -> Vec<String> {
        let refused = self.sent.iter().filter(|sent| sent.answer.status != 200);
        let refused = refused.map(|sent| format!("mail {}: {}", sent.number, sent.answer));
        refused.chain(self.unanswered.iter().cloned()).collect()
    }

    #[track_caller]
    pub(super) fn expect_no_failure(&self) {
        let failures = self.failures();
        assert!(failures.is_empty(), "{} failed, the first of them: {:#?}", failures.len(), &failures[..1]);
    }

    /// Its figures, for people: on a machine that others use, no bar on them would hold.
    pub(super) fn beside(&self, alone: &Self) -> String {
        let (under, alone) = (p99(&self.sent), p99(&alone.sent));
        format!("{} good mails, {} failed, p99 {under:.1?}, alone {alone:.1?}", self.sent.len(), self.failures().len())
    }

    /// What callers were told against what the provider accepted, mail by mail.
    pub(super) fn violations(&self, accepted: &BTreeMap<usize, usize>) -> Vec<String> {
        let lost = |sent: &&Sent| !accepted.contains_key(&sent.number);
        let lost = self.of_status(200).filter(lost).map(|sent| format!("mail {} was accepted by nobody", sent.number));
        let denied = self.sent.iter().filter(|sent| sent.delivery() == Some("none"));
        let denied = denied.filter(|sent| accepted.contains_key(&sent.number));
        let denied = denied.map(|sent| format!("mail {} is nowhere, they say: {}", sent.number, sent.answer));
        let duplicate = accepted.iter().filter(|(_, times)| **times > 1);
        let duplicate = duplicate.map(|(number, times)| format!("mail {number} was accepted {times} times"));
        lost.chain(denied).chain(duplicate).collect()
    }
}

/// What one in a hundred exceeds; nothing, if there are none.
pub(super) fn p99<'a>(sent: impl IntoIterator<Item = &'a Sent>) -> Duration {
    let mut times: Vec<_> = sent.into_iter().map(|sent| sent.took).collect();
    times.sort();
    times.get(times.len() * 99 / 100).copied().unwrap_or_default()
}
