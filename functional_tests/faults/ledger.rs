//! The ledger: what callers were told, joined with what the providers saw and with when the circuits were open.
//!
//! A mail that was sent before a circuit opened may arrive at its provider afterwards; one that was sent while the
//! circuit was open may not. So each mail is judged by its own times, and nothing is counted by and large.

use std::time::SystemTime;

use super::load::Sent;
use super::story::Outage;

/// One mail at one provider.
pub(crate) struct Arrival {
    pub(crate) number: String,
    pub(crate) at: SystemTime,
    /// What the provider said: taken, refused, or nothing for certain.
    pub(crate) taken: Option<bool>,
}

/// What one provider saw, and when its circuit was not closed.
pub(crate) struct Account {
    pub(crate) name: &'static str,
    pub(crate) arrivals: Vec<Arrival>,
    pub(crate) dummies: Vec<SystemTime>,
    pub(crate) most_dummies_in_flight: usize,
    pub(crate) outages: Vec<Outage>,
}

/// When a provider went down, from the order to its effect.
pub(crate) type Cut = [SystemTime; 2];

/// Everything that is known of one run.
pub(crate) struct Ledger {
    pub(crate) sent: Vec<Sent>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) cuts: Vec<Cut>,
    /// Was one provider up all the time?
    pub(crate) one_was_up: bool,
}

impl Ledger {
    /// Everything that must not be, in words.
    pub(crate) fn violations(&self) -> Vec<String> {
        let accounts = self.accounts.iter().flat_map(|account| self.of_account(account));
        accounts.chain(self.sent.iter().filter_map(|sent| self.of_mail(sent))).collect()
    }

    #[track_caller]
    pub(crate) fn check(&self) {
        let violations = self.violations();
        assert!(violations.is_empty(), "{} violations\n{}", violations.len(), violations.join("\n"));
        assert!(
            self.accounts.iter().any(|account| !account.outages.is_empty()),
            "no circuit opened: nothing was tested"
        );
    }

    /// How many callers do not know what became of their mail.
    pub(crate) fn unknown(&self) -> usize {
        self.sent.iter().filter(|sent| sent.delivery() == Some("unknown")).count()
    }

    /// How many of them sent it after the first provider's circuit had opened.
    pub(crate) fn unknown_after_the_trip(&self) -> usize {
        let trip = self.accounts[0].outages[0].opened;
        self.sent.iter().filter(|sent| sent.from > trip && sent.delivery() == Some("unknown")).count()
    }

    fn of_account(&self, account: &Account) -> Vec<String> {
        let mut found = Vec::new();
        for outage in &account.outages {
            let open = self.sent.iter().filter(|sent| outage.covers(sent.from));
            for sent in open {
                let arrived = |arrival: &&Arrival| arrival.number == sent.number && outage.covers(arrival.at);
                if account.arrivals.iter().any(|arrival| arrived(&arrival)) {
                    found.push(format!("mail {} reached {} while its circuit was open", sent.number, account.name));
                } else if outage.covers(sent.to) && has_tried(sent, account.name) {
                    found.push(format!("mail {} tried {} while its circuit was open", sent.number, account.name));
                }
            }
        }
        if account.most_dummies_in_flight > 1 {
            found.push(format!("{} had {} dummies in flight", account.name, account.most_dummies_in_flight));
        }
        found
    }

    fn of_mail(&self, sent: &Sent) -> Option<String> {
        let all = self.accounts.iter().flat_map(|account| &account.arrivals);
        let (mut taken, mut doubtful) = (0, 0);
        for arrival in all.filter(|arrival| arrival.number == sent.number) {
            taken += usize::from(arrival.taken == Some(true));
            doubtful += usize::from(arrival.taken.is_none());
        }
        let was_cut = self.cuts.iter().any(|[order, effect]| sent.from <= *effect && *order <= sent.to);
        let fault = match (sent.answer.status, sent.delivery()) {
            (200, None) if (taken, doubtful) == (1, 0) => return None,
            (200, None) => "was accepted, they say",
            (504, Some("unknown")) if taken + doubtful == 1 && (doubtful == 1 || was_cut) => return None,
            (504, Some("unknown")) if taken + doubtful == 0 && was_cut => return None,
            (504, Some("unknown")) => "is unknown, they say",
            (502 | 503, Some("none")) if self.one_was_up => "was refused while a provider was up",
            (502 | 503, Some("none")) if taken + doubtful == 0 => return None,
            _ => "was answered strangely",
        };
        Some(format!(
            "mail {} {fault}: taken {taken}, in doubt {doubtful}, cut {was_cut}\n{}",
            sent.number, sent.answer
        ))
    }
}

fn has_tried(sent: &Sent, upstream: &str) -> bool {
    sent.answer.attempts().iter().any(|attempt| attempt.starts_with(&format!("{upstream}:")))
}
