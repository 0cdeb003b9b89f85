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
mod unproved;
mod view;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::runtime::lru::Lru;
use crate::runtime::unix_time::UnixTime;
pub use answer::Answer;
pub use key::SiteKey;
pub use site::Refusal;
use site::{Site, Ticket};
use unproved::{Availability, Unproved};
pub use view::{State, View};

/// Sites that are remembered.
const MOST_SITES: usize = 10_000;
/// The sites of this node.
pub struct Sites {
    concurrency: u16,
    table: Mutex<Table>,
}

struct Table {
    sites: Lru<Site>,
    unproved: Unproved,
}

/// Lets one mail go to a site. Dropped without an answer it proves nothing.
pub struct Permit {
    sites: Arc<Sites>,
    key: SiteKey,
    /// Until it is settled.
    ticket: Option<Ticket>,
    availability: Availability,
    patience: Duration,
}

impl Sites {
    /// With a limit on mails at once to each.
    pub fn new(concurrency: u16) -> Arc<Self> {
        let table = Table { sites: Lru::new(MOST_SITES), unproved: Unproved::default() };
        Arc::new(Self { concurrency: concurrency.max(1), table: Mutex::new(table) })
    }

    /// Mails at once to each, at most.
    pub fn concurrency(&self) -> usize {
        self.concurrency.into()
    }

    /// Asks for a mail that was accepted then whether it may go now.
    pub fn admit(self: &Arc<Self>, key: &SiteKey, accepted: UnixTime, now: Instant) -> Result<Permit, Refusal> {
        let mut table = self.table();
        let Table { sites, unproved } = &mut *table;
        let site = sites.entry(key.as_str(), Site::may_be_forgotten, || Site::new(self.concurrency));
        let site = site.ok_or(Refusal::Full(0))?;
        let availability = site.availability();
        let ticket = site.admit(accepted, unproved.has_place(availability), now)?;
        let patience = unproved.take(availability);
        drop(table);
        Ok(Permit { sites: Arc::clone(self), key: key.clone(), ticket: Some(ticket), availability, patience })
    }

    /// One of them. `None`: there is no such site.
    pub fn one(&self, key: &str, now: Instant) -> Option<View> {
        let mut table = self.table();
        Some(table.sites.peek_mut(key)?.view(SiteKey::from_name(key.into()), now))
    }

    /// All of them, those used at least recently first.
    pub fn list(&self, now: Instant) -> Vec<View> {
        let table = self.table();
        table.sites.iter().map(|(key, site)| site.view(SiteKey::from_name(Arc::clone(key)), now)).collect()
    }

    /// How many are in each state.
    pub fn counts(&self) -> [(State, usize); 4] {
        let table = self.table();
        let mut counts = State::ALL.map(|state| (state, 0));
        for (_, site) in table.sites.iter() {
            let state = site.state();
            counts.iter_mut().filter(|(counted, _)| *counted == state).for_each(|(_, count)| *count += 1);
        }
        counts
    }

    /// Holds mail back, or lets it go again. `false`: there is no such site.
    pub fn pause(&self, key: &str, paused: bool) -> bool {
        self.table().sites.peek_mut(key).map(|site| site.pause(paused)).is_some()
    }

    /// Ends the wait of a site that is shut: the next mail goes as its probe. `false`: there is no such site.
    pub fn retry(&self, key: &str, now: Instant) -> bool {
        self.table().sites.peek_mut(key).map(|site| site.retry(now)).is_some()
    }

    fn settle(&self, permit: &Permit, ticket: Ticket, answer: Option<(Answer, bool)>, now: Instant) {
        let mut table = self.table();
        table.unproved.give(permit.availability);
        if let Some(site) = table.sites.peek_mut(permit.key.as_str()) {
            site.settle(ticket, answer, now);
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// How long the mail waits for each answer of a server before the first command of a mail: less than the whole
    /// where the site is new, or its last mail found no server, and many mails are on their way to such sites.
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
            self.sites.settle(self, ticket, answer, now);
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
