//! Which fault strikes where, as a seed says.

use std::time::Duration;

use super::super::random::SeededRng;
use super::fault::{Fault, Stage};

/// The faults of one run.
#[derive(Clone)]
pub(super) struct Script {
    pub(super) faults: Vec<&'static Fault>,
    pub(super) rng: SeededRng,
    /// How long a silence lasts, if its client does not hang up before.
    pub(super) silence: Duration,
    /// One of so many connections, and transactions, meets a fault.
    pub(super) odds: usize,
}

impl Script {
    /// What strikes this connection to a host before any mail.
    pub(super) fn of_connection(&self, host: &str, number: usize) -> Option<&'static Fault> {
        self.strikes(&format!("connection {host}"), number, |fault| fault.is_of_the_connection())
    }

    /// What strikes a mail there, which has come so often before.
    pub(super) fn of_transaction(&self, host: &str, mail: usize, before: usize) -> Option<&'static Fault> {
        self.strikes(&format!("mail {host} {before}"), mail, |fault| !fault.is_of_the_connection())
    }

    /// Does a fault that strikes recipients strike this one?
    pub(super) fn has_recipient(&self, address: &str, before: usize) -> bool {
        self.rng.coin(&format!("recipient {address}"), before)
    }

    /// Does this connection offer STARTTLS?
    pub(super) fn offers_tls(&self, fault: Option<&Fault>, host: &str, number: usize) -> bool {
        let is_about_it = fault.is_some_and(|fault| matches!(fault.stage, Stage::Starttls | Stage::Handshake));
        is_about_it || self.rng.below(&format!("tls {host}"), number, 4) == 0
    }

    fn strikes(&self, about: &str, number: usize, is_meant: fn(&Fault) -> bool) -> Option<&'static Fault> {
        if self.rng.below(about, number, self.odds) != 0 {
            return None;
        }
        let meant: Vec<_> = self.faults.iter().copied().filter(|fault| is_meant(fault)).collect();
        let which = meant.len().checked_sub(1)?;
        meant.get(self.rng.below(&format!("which {about}"), number, which + 1)).copied()
    }
}
