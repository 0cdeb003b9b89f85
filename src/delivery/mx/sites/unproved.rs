//! Mails in flight to sites whose servers have not answered: how many there may be, and how long each waits for a server. Pure.
//!
//! Which of the sites that are new have a server is known within seconds of those that have one, while a silent server holds its
//! mail for as long as that waits. So the first mails wait for the whole time, as RFC 5321 wants it, and once half of the places are
//! taken each mail waits for a short one: silent servers then hold the rest only where eight new ones come up in each second, or
//! fewer that have several addresses, for each address has its own wait.
//! Sites whose last mail has found no server have half of the places at most, so that they leave the others to new ones.

use std::time::Duration;

use crate::delivery::mx::transmission::WHOLE_PATIENCE;

/// At once to all of these sites: half of what a node has in hand, so that silent servers leave the other half to those that
/// answer.
pub(super) const MOST: usize = 250;
/// At once to those whose last mail found no server.
pub(super) const MOST_FAILED: usize = MOST / 2;
/// While no more are in flight than this, each waits for the whole time.
const FEW: usize = MOST / 5;
/// From so many on, each waits for the shortest time.
const MANY: usize = MOST / 2;
/// A mail waits so long for a server at least.
const SHORTEST: Duration = Duration::from_secs(15);

/// What the last mail to a site says of its servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Availability {
    /// A server has answered.
    Proved,
    /// There was none yet.
    New,
    /// There was no server, or none that answered.
    Failed,
}

/// How many mails are in flight that were let go while their site was not proved.
#[derive(Debug, Default)]
pub(super) struct Unproved {
    all: usize,
    failed: usize,
}

impl Unproved {
    pub(super) fn has_place(&self, availability: Availability) -> bool {
        match availability {
            Availability::Proved => true,
            Availability::New => self.all < MOST,
            Availability::Failed => self.all < MOST && self.failed < MOST_FAILED,
        }
    }

    /// Takes a place. How long the mail waits for each answer of a server before the first command of a mail.
    pub(super) fn take(&mut self, availability: Availability) -> Duration {
        let before = self.all;
        self.all += usize::from(availability != Availability::Proved);
        self.failed += usize::from(availability == Availability::Failed);
        if availability == Availability::Proved { WHOLE_PATIENCE } else { patience(before) }
    }

    /// Gives back a place that was taken with this availability.
    pub(super) fn give(&mut self, availability: Availability) {
        self.all -= usize::from(availability != Availability::Proved);
        self.failed -= usize::from(availability == Availability::Failed);
    }
}

/// Beside so many mails.
fn patience(before: usize) -> Duration {
    let left = MANY.saturating_sub(before).min(MANY - FEW);
    (WHOLE_PATIENCE * left as u32 / (MANY - FEW) as u32).max(SHORTEST)
}
