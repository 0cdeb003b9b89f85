//! What mail servers write down: who has which mail, and what they have said of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use crate::harness::lock::lock;

/// What is known of one recipient of one mail.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// How often a server took it.
    pub(super) taken: usize,
    /// How often a server had asked for the content, and its client heard nothing clear of what became of that.
    pub(super) unclear: usize,
    /// Servers that took it.
    pub(super) at: BTreeSet<String>,
    /// Codes that were said of the mail, or of this recipient.
    pub(super) said: BTreeSet<u16>,
}

/// The books of all servers.
#[derive(Default)]
pub(super) struct Record(Mutex<Books>);

#[derive(Default)]
struct Books {
    /// By the number of the mail, and the address.
    known: BTreeMap<(usize, String), Known>,
    /// Transactions that have begun.
    begun: usize,
    /// By the number of the mail, and the server.
    transactions: BTreeMap<(usize, String), usize>,
}

impl Record {
    /// A transaction with this mail has begun there. How many have before?
    pub(super) fn begins(&self, mail: usize, host: &str) -> usize {
        let mut books = lock(&self.0);
        books.begun += 1;
        let count = books.transactions.entry((mail, host.to_owned())).or_default();
        *count += 1;
        *count - 1
    }

    pub(super) fn begun(&self) -> usize {
        lock(&self.0).begun
    }

    /// This was said of each of these recipients.
    pub(super) fn says(&self, mail: usize, to: &[String], said: &str) {
        let Some(code) = said.get(..3).and_then(|code| code.parse().ok()) else { return };
        self.each(mail, to, |known| {
            known.said.insert(code);
        });
    }

    pub(super) fn takes(&self, mail: usize, to: &[String], host: &str) {
        self.each(mail, to, |known| {
            known.taken += 1;
            known.at.insert(host.to_owned());
        });
    }

    /// From now on its client cannot know, until something clear is said.
    pub(super) fn is_unclear(&self, mail: usize, to: &[String]) {
        self.each(mail, to, |known| known.unclear += 1);
    }

    pub(super) fn is_clear(&self, mail: usize, to: &[String]) {
        self.each(mail, to, |known| known.unclear -= 1);
    }

    /// What is known of this recipient; of the whole mail where it has no address.
    pub(super) fn of(&self, mail: usize, to: &str) -> Known {
        lock(&self.0).known.get(&(mail, to.to_owned())).cloned().unwrap_or_default()
    }

    fn each(&self, mail: usize, to: &[String], change: impl Fn(&mut Known)) {
        let mut books = lock(&self.0);
        to.iter().for_each(|to| change(books.known.entry((mail, to.clone())).or_default()));
    }
}
