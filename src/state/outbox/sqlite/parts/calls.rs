//! The calls about parts, each a command of the thread that writes.

use std::sync::Arc;
use std::time::Duration;

use super::super::{SqliteOutbox, history, nodes};
use super::{claim, domains, ends, hand_over, split};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{
    Answered, ClaimedPart, Hmac, Hold, NodeId, PartEnded, PartHold, Parts, Split, State, WantedParts,
};

impl Parts for SqliteOutbox {
    fn split<'a>(&'a self, hold: &'a Hold, split: &'a Split) -> Answered<'a, bool> {
        let (hold, split, memory) = (*hold, split.clone(), Arc::clone(&self.memory));
        self.write(move |database, now| {
            Ok(history::check(database, &memory)?.is_none() && split::split(database, now, &hold, &split)?)
        })
    }

    fn claim_parts<'a>(&'a self, node: NodeId, wanted: &'a WantedParts) -> Answered<'a, Vec<ClaimedPart>> {
        let (wanted, memory) = (wanted.clone(), Arc::clone(&self.memory));
        let take = move |database: &_, now, number| match history::check(database, &memory)? {
            None => {
                let holds = claim::claim(database, now, node, number, &wanted)?;
                // A claim that takes nothing writes nothing: it is made each second.
                if !holds.is_empty() {
                    nodes::seen(database, now, node)?;
                }
                Ok(holds)
            }
            Some(_) => Ok(Vec::new()),
        };
        self.take(node, take, claim::in_hand)
    }

    fn give_back_parts<'a>(&'a self, holds: &'a [PartHold], wait: Duration) -> Answered<'a, usize> {
        let holds = holds.to_vec();
        self.write(move |database, now| claim::give_back(database, now, &holds, now.after(wait)))
    }

    fn close_domain<'a>(&'a self, domain: &'a Hmac, wait: Duration) -> Answered<'a, ()> {
        let domain = *domain;
        self.write(move |database, now| match wait.is_zero() {
            true => domains::open(database, &domain, now),
            false => domains::close(database, &domain, now.after(wait)),
        })
    }

    fn open_domain<'a>(&'a self, domain: &'a Hmac, closed_for: Duration) -> Answered<'a, ()> {
        let domain = *domain;
        self.write(move |database, now| domains::reopen(database, &domain, now, now.after(closed_for)))
    }

    fn oldest_of<'a>(&'a self, domains: &'a [Hmac]) -> Answered<'a, Vec<Option<UnixTime>>> {
        let domains = domains.to_vec();
        self.read(move |database| domains::oldest(database, &domains))
    }

    fn mark_part<'a>(&'a self, hold: &'a PartHold) -> Answered<'a, bool> {
        let (hold, memory) = (*hold, Arc::clone(&self.memory));
        self.write(move |database, now| {
            let consents = history::check(database, &memory)?.is_none() && hand_over::mark(database, now, &hold)?;
            if consents {
                memory.marked();
            }
            Ok(consents)
        })
    }

    fn end_part<'a>(&'a self, hold: &'a PartHold, ended: &'a PartEnded) -> Answered<'a, Option<State>> {
        let (hold, ended) = (*hold, ended.clone());
        self.write(move |database, now| ends::end(database, now, &hold, &ended))
    }
}
