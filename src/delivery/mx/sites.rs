//! Sites: what this node knows of the servers that it delivers to.
//!
//! A site is a set of servers. It has its own availability and window ([`site`]), so that what happens at one harms no other.
//! The table is bounded: the site that was used at least recently gives way, unless it is paused or has mail in flight.
//!
//! Deliberately absent: a queue (mail that has to wait stays in the outbox), and sharing with other nodes: each finds out
//! for itself, and an order holds at the node that got it.

mod answer;
mod key;
mod site;
mod view;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::runtime::lru::Lru;
use crate::runtime::unix_time::UnixTime;
pub use answer::Answer;
pub use key::SiteKey;
pub use site::Refusal;
use site::{Site, Ticket};
pub use view::{State, View};

/// Sites that are remembered.
const MOST_SITES: usize = 10_000;
/// Mails at once to all sites whose last mail found no server that answered, or which have had none: half of what a node has
/// in hand, so that silent servers, which hold a mail for minutes, leave the other half to those that answer.
const MOST_UNPROVED: usize = 250;
/// A mail to a site that has not answered waits so long for a server there, where all of these places are free (RFC 5321
/// 4.5.3.2.1), and less the fewer are: silent servers then leave places to others that have not answered yet.
const LONGEST_PATIENCE: Duration = Duration::from_secs(300);
/// It waits so long at least.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(15);

/// The sites of this node.
pub struct Sites {
    concurrency: u16,
    table: Mutex<Lru<Site>>,
    /// Mails in flight that were let go while their site was unproved. Changed under the lock of the table.
    unproved: AtomicUsize,
}

/// Lets one mail go to a site. Dropped without an answer it proves nothing.
pub struct Permit {
    sites: Arc<Sites>,
    key: SiteKey,
    /// Until it is settled.
    ticket: Option<Ticket>,
    is_unproved: bool,
    patience: Duration,
}

impl Sites {
    /// With a limit on mails at once to each.
    pub fn new(concurrency: u16) -> Arc<Self> {
        Arc::new(Self {
            concurrency: concurrency.max(1),
            table: Mutex::new(Lru::new(MOST_SITES)),
            unproved: AtomicUsize::new(0),
        })
    }

    /// Mails at once to each, at most.
    pub fn concurrency(&self) -> usize {
        self.concurrency.into()
    }

    /// Asks for a mail that was accepted then whether it may go now.
    pub fn admit(self: &Arc<Self>, key: &SiteKey, accepted: UnixTime, now: Instant) -> Result<Permit, Refusal> {
        let mut table = self.table();
        let site = table.entry(key.as_str(), Site::may_be_forgotten, || Site::new(self.concurrency));
        let site = site.ok_or(Refusal::Full(0))?;
        let is_unproved = !site.is_proved();
        let taken = self.unproved.load(Ordering::Relaxed);
        if is_unproved && taken >= MOST_UNPROVED {
            return Err(Refusal::Full(0));
        }
        let ticket = site.admit(accepted, now)?;
        self.unproved.fetch_add(is_unproved.into(), Ordering::Relaxed);
        drop(table);
        let patience = if is_unproved { patience(taken) } else { LONGEST_PATIENCE };
        Ok(Permit { sites: Arc::clone(self), key: key.clone(), ticket: Some(ticket), is_unproved, patience })
    }

    /// One of them. `None`: there is no such site.
    pub fn one(&self, key: &str, now: Instant) -> Option<View> {
        let table = self.table();
        let mut known = table.iter().filter(|(known, _)| ***known == *key);
        known.next().map(|(key, site)| site.view(SiteKey::from_name(Arc::clone(key)), now))
    }

    /// All of them, those used at least recently first.
    pub fn list(&self, now: Instant) -> Vec<View> {
        let table = self.table();
        table.iter().map(|(key, site)| site.view(SiteKey::from_name(Arc::clone(key)), now)).collect()
    }

    /// How many are in each state.
    pub fn counts(&self) -> [(State, usize); 4] {
        let table = self.table();
        let mut counts = State::ALL.map(|state| (state, 0));
        for (_, site) in table.iter() {
            let state = site.state();
            counts.iter_mut().filter(|(counted, _)| *counted == state).for_each(|(_, count)| *count += 1);
        }
        counts
    }

    /// Holds mail back, or lets it go again. `false`: there is no such site.
    pub fn pause(&self, key: &str, paused: bool) -> bool {
        self.table().peek_mut(key).map(|site| site.pause(paused)).is_some()
    }

    /// Ends the wait of a site that is shut: the next mail goes as its probe. `false`: there is no such site.
    pub fn retry(&self, key: &str, now: Instant) -> bool {
        self.table().peek_mut(key).map(|site| site.retry(now)).is_some()
    }

    fn settle(&self, key: &SiteKey, ticket: Ticket, answer: Option<(Answer, bool)>, now: Instant) {
        if let Some(site) = self.table().peek_mut(key.as_str()) {
            site.settle(ticket, answer, now);
        }
    }

    fn table(&self) -> MutexGuard<'_, Lru<Site>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// With so many mails to unproved sites in flight.
fn patience(taken: usize) -> Duration {
    let free = MOST_UNPROVED.saturating_sub(taken) as u32;
    (LONGEST_PATIENCE * free / MOST_UNPROVED as u32).max(SHORTEST_PATIENCE)
}

impl Permit {
    /// How long the mail may wait for each answer of a server before the first command of a mail.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// The site that it is for.
    pub fn site(&self) -> &SiteKey {
        &self.key
    }

    /// Says what the mail came to, and whether it is done with: else it comes by again.
    pub fn end(mut self, answer: Answer, is_done: bool, now: Instant) {
        self.settle(Some((answer, is_done)), now);
    }

    fn settle(&mut self, answer: Option<(Answer, bool)>, now: Instant) {
        if let Some(ticket) = self.ticket.take() {
            self.sites.settle(&self.key, ticket, answer, now);
            self.sites.unproved.fetch_sub(self.is_unproved.into(), Ordering::Relaxed);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.settle(None, Instant::now());
    }
}

#[cfg(test)]
mod tests;
