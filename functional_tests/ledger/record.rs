//! The ledger: what callers were told, joined with what the providers saw and with when the circuits were open.
//!
//! A mail that was sent before a circuit opened may arrive at its provider afterwards; one that was sent while the
//! circuit was open may not. So each mail is judged by its own times, and nothing is counted by and large.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::fates::Fates;
use super::fault::Outcomes;
use super::lag::Lags;
use super::outages::Outage;
use super::way::Ways;
use crate::harness::Answer;
use crate::harness::metrics::Metrics;

/// When another upstream may try, as the mail's caller or the operator has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failover {
    Never,
    Safe,
    Always,
}

impl Failover {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Safe => "safe",
            Self::Always => "always",
        }
    }
}

/// One mail and what its caller saw. A mail that was sent twice under one key is in the ledger twice.
pub(crate) struct Sent {
    pub(crate) number: usize,
    pub(crate) failover: Failover,
    pub(crate) from: SystemTime,
    pub(crate) to: SystemTime,
    pub(crate) took: Duration,
    /// Had it a key?
    pub(crate) keyed: bool,
    /// What it may take beyond the deadline, for its size.
    pub(crate) allowance: Duration,
    pub(crate) answer: Answer,
}

/// One mail at one provider.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) number: usize,
    pub(crate) at: SystemTime,
    /// Has the provider kept it, whatever it said?
    pub(crate) accepted: bool,
    /// What the proxy may call that.
    pub(crate) outcomes: Outcomes,
    /// What became of each recipient, where it did not treat all alike.
    pub(crate) fates: Option<Fates>,
}

/// What one provider saw, and when its circuit was not closed.
pub(crate) struct Account {
    pub(crate) name: &'static str,
    /// Does it take a mail once under its key, however often it is asked?
    pub(crate) idempotent: bool,
    /// So many mails a second may be handed to it, and as many at once.
    pub(crate) rate: Option<u32>,
    pub(crate) arrivals: Vec<Arrival>,
    pub(crate) probes: Vec<SystemTime>,
    pub(crate) most_probes_in_flight: usize,
    pub(crate) outages: Vec<Outage>,
}

/// When a provider went down, from the order to its effect.
pub(crate) type Cut = [SystemTime; 2];

/// Whether a body kept up the rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rate {
    Kept,
    Missed,
    /// Too close to tell, or the machine was too late.
    Unclear,
}

/// Everything that is known of one run.
pub(crate) struct Ledger {
    /// The first call of every mail, and both of those that were sent twice at once.
    pub(crate) sent: Vec<Sent>,
    /// Repeats of a mail under its key, after an answer.
    pub(crate) repeats: Vec<Sent>,
    /// Another mail under a key of which an answer is held; the number is that of the first.
    pub(crate) reused: Vec<Sent>,
    /// Those whose bodies were too slow.
    pub(crate) cut_off: Vec<Sent>,
    /// Whether bodies that came slowly kept up the minimum rate, by mail.
    pub(crate) rates: BTreeMap<usize, Rate>,
    /// Mails whose callers did not wait for the answer.
    pub(crate) hung_up: Vec<usize>,
    /// How many more were never sent whole.
    pub(crate) unfinished: usize,
    /// Why other callers have none, or more than one.
    pub(crate) unanswered: Vec<String>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) cuts: Vec<Cut>,
    /// Where each mail may go.
    pub(crate) ways: Ways,
    /// Was the last provider up all the time?
    pub(crate) one_was_up: bool,
    /// Do providers refuse mails alone, and never the account or the call?
    pub(crate) refuses_mails_alone: bool,
    /// The state of each circuit in the end.
    pub(crate) states: Vec<String>,
    /// When every answer is due.
    pub(crate) deadline: Duration,
    pub(crate) lags: Lags,
    pub(crate) metrics: Metrics,
}

/// Where each mail arrived: the account's number, and how.
pub(crate) type Index<'a> = BTreeMap<usize, Vec<(usize, &'a Arrival)>>;

impl Ledger {
    /// Every call that has an answer.
    pub(crate) fn every(&self) -> impl Iterator<Item = &Sent> {
        self.sent.iter().chain(&self.repeats).chain(&self.reused).chain(&self.cut_off)
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

    /// May this mail be offered to this account?
    pub(super) fn allows(&self, number: usize, account: usize) -> bool {
        self.ways.get(&number).is_none_or(|way| way.allows(account))
    }

    /// Was a provider up all the time that this mail may be offered to?
    pub(super) fn one_was_up_for(&self, sent: &Sent) -> bool {
        let has_rate = self.accounts.last().is_some_and(|account| account.rate.is_some());
        self.one_was_up && !has_rate && self.allows(sent.number, self.accounts.len() - 1)
    }

    /// Was a provider cut off while this mail was under way?
    pub(crate) fn was_cut(&self, sent: &Sent) -> bool {
        self.cuts.iter().any(|[order, effect]| sent.from <= *effect && *order <= sent.to)
    }

    pub(super) fn index(&self) -> Index<'_> {
        let mut index = Index::new();
        for (number, account) in self.accounts.iter().enumerate() {
            for arrival in &account.arrivals {
                index.entry(arrival.number).or_default().push((number, arrival));
            }
        }
        index
    }
}

impl Sent {
    /// A small mail for which the operator's `safe` holds.
    pub(crate) fn plain(number: usize, [from, to]: [SystemTime; 2], took: Duration, answer: Answer) -> Self {
        Self { number, failover: Failover::Safe, from, to, took, keyed: false, allowance: Duration::ZERO, answer }
    }

    /// `none`, `unknown`, or nothing if a provider took it.
    pub(crate) fn delivery(&self) -> Option<&str> {
        self.answer.json["delivery"].as_str()
    }

    /// Was it the answer to an earlier call?
    pub(crate) fn is_replayed(&self) -> bool {
        self.answer.header("idempotency-replayed") == Some("true")
    }

    /// Was it under way at that moment?
    pub(crate) fn is_under_way(&self, moment: SystemTime) -> bool {
        self.from <= moment && moment <= self.to
    }
}
