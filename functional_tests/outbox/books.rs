//! What callers were told, joined with what the provider took and with what the node says of each mail when all is at rest.

use std::collections::BTreeMap;

use crate::harness::outbox::{Counts, shown};
use crate::harness::{Answer, Client};

use super::load::{Posted, is_keyed, post};
use super::provider::PROVIDER;
use crate::ledger::caller::Caller;

/// All that is known.
pub(super) struct Books {
    /// Mails that were accepted, with what the node says of them.
    pub(super) accepted: BTreeMap<usize, Answer>,
    /// Mails whose callers do not know.
    pub(super) unclear: Vec<usize>,
    pub(super) refused: Vec<usize>,
    pub(super) counts: Counts,
    /// How often the provider has taken each.
    pub(super) taken: BTreeMap<usize, usize>,
}

/// Repeats every call under a key that is unclear: now it is accepted.
pub(super) async fn repeat_unclear(posted: &mut [Posted], api: std::net::SocketAddr) {
    let mut caller = Caller::new(api);
    for unclear in posted.iter_mut().filter(|posted| is_unclear(posted) && is_keyed(posted.number)) {
        *unclear = post(&mut caller, unclear.number).await;
    }
}

fn is_unclear(posted: &Posted) -> bool {
    posted.answer.as_ref().map_or(true, |answer| answer.status == 504)
}

impl Books {
    /// Asks the node, which is at rest.
    pub(super) async fn close(
        posted: &[Posted],
        client: &Client,
        counts: Counts,
        taken: BTreeMap<usize, usize>,
    ) -> Self {
        let mut books = Self { accepted: BTreeMap::new(), unclear: Vec::new(), refused: Vec::new(), counts, taken };
        for posted in posted {
            match &posted.answer {
                Ok(answer) if answer.status == 202 => {
                    let id = answer.json["id"].as_str().unwrap_or_else(|| panic!("no id: {answer}"));
                    books.accepted.insert(posted.number, shown(client, id).await);
                }
                _ if is_unclear(posted) => books.unclear.push(posted.number),
                _ => books.refused.push(posted.number),
            }
        }
        books
    }

    /// Everything that must not be.
    pub(super) fn violations(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (number, answer) in &self.accepted {
            found.extend(self.fault(*number, answer).map(|fault| format!("mail {number} {fault}: {answer}")));
        }
        let taken = |number: &usize| self.taken.get(number).copied().unwrap_or_default();
        for number in self.unclear.iter().filter(|number| taken(number) > 1) {
            found.push(format!("mail {number}, of an unclear call, was taken {} times", taken(number)));
        }
        for number in self.refused.iter().filter(|number| taken(number) > 0) {
            found.push(format!("mail {number} was not accepted, they say, and was taken"));
        }
        let (least, all) = (self.accepted.len() as u64, self.counts.all());
        let most = least + self.unclear.len() as u64;
        if all < least || all > most {
            found.push(format!("{least} to {most} mails are in the outbox, and it counts {:?}", self.counts));
        }
        for status in ["accepted", "unknown", "refused", "expired", "cancelled", "parked"] {
            let shown = self.with(status);
            let most = shown + self.unclear.len() as u64;
            if self.counts.status(status) < shown || self.counts.status(status) > most {
                found.push(format!("{shown} to {most} mails are {status}, and it counts {:?}", self.counts));
            }
        }
        found
    }

    /// How many are shown with this status.
    pub(super) fn with(&self, status: &str) -> u64 {
        self.accepted.values().filter(|answer| answer.json["status"] == status).count() as u64
    }

    fn fault(&self, number: usize, answer: &Answer) -> Option<String> {
        let taken = self.taken.get(&number).copied().unwrap_or_default();
        if answer.status != 200 {
            return Some("was accepted, and is lost".to_owned());
        }
        // Each hand-over has a mark of its own, which names the provider.
        let handed_over = answer.json["attempts"]
            .as_array()
            .map_or(0, |attempts| attempts.iter().filter(|attempt| attempt["upstream"] == PROVIDER).count());
        if taken > handed_over {
            return Some(format!("was taken {taken} times, of {handed_over} hand-overs to {PROVIDER} on record"));
        }
        let may_be_double = answer.json["possible_duplicate"] == true;
        let status = answer.json["status"].as_str().unwrap_or_default();
        let is_right = match status {
            "accepted" => taken == 1 || (taken > 1 && may_be_double),
            "unknown" => taken <= 1 || may_be_double,
            _ => taken == 0,
        };
        (!is_right).then(|| format!("is {status}, and was taken {taken} times"))
    }
}
