//! What is counted of mails, whatever upstream they go to: what they came to, by caller, and which rule chose for them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use super::labels::Route;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    caller: Arc<str>,
    delivery: &'static str,
}

/// What the caller of a mail was told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryLabel {
    /// A provider has it.
    Accepted,
    /// Nobody has it.
    None,
    /// Somebody may have it.
    Unknown,
    /// This service keeps it, and sends it.
    Queued,
}

impl DeliveryLabel {
    const WORDS: [&str; 4] = ["accepted", "none", "unknown", "queued"];
}

/// The counters of one caller, by delivery.
type OfCaller = [Counter; DeliveryLabel::WORDS.len()];

/// The part of the metrics that is about mails. Clones share it.
#[derive(Clone, Default)]
pub struct Mails {
    delivered: Family<Labels, Counter>,
    /// The counters of each known caller, resolved once.
    callers: Arc<RwLock<HashMap<Arc<str>, OfCaller>>>,
    routed: Family<Route, Counter>,
    unknown: Counter,
}

impl Mails {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("mails", "Mails by caller and by what the caller was told of them", self.delivered.clone());
        registry.register("routed", "Mails handed to an upstream, by the rule that chose it", self.routed.clone());
        registry.register(
            "unknown",
            "Mails whose caller was told that it is unknown whether a provider has them; repeats are not counted",
            self.unknown.clone(),
        );
    }

    /// Shows the mails of these callers, from 0 on.
    pub fn expect<'a>(&self, callers: impl Iterator<Item = &'a Arc<str>>) {
        let mut known = self.callers.write().unwrap_or_else(PoisonError::into_inner);
        for caller in callers {
            known.entry(Arc::clone(caller)).or_insert_with(|| self.of(caller));
        }
    }

    /// Counts so many mails of this caller.
    pub fn told(&self, caller: &str, delivery: DeliveryLabel, mails: u64) {
        let known = self.callers.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counters) = known.get(caller) {
            counters[delivery as usize].inc_by(mails);
            return;
        }
        drop(known);
        let caller = caller.into();
        self.expect([&caller].into_iter());
        self.of(&caller)[delivery as usize].inc_by(mails);
    }

    /// So many mails of this caller, which was told nothing of them so far.
    pub fn open<'a>(&'a self, caller: &'a str, mails: u64) -> OpenMails<'a> {
        OpenMails { mails: self, caller, count: mails }
    }

    fn of(&self, caller: &Arc<str>) -> OfCaller {
        let counter = |delivery| Labels { caller: Arc::clone(caller), delivery };
        DeliveryLabel::WORDS.map(|delivery| self.delivered.get_or_create(&counter(delivery)).clone())
    }

    /// Mails by the rule that chose their upstream.
    pub(super) fn routed(&self) -> &Family<Route, Counter> {
        &self.routed
    }

    /// Counts a mail whose delivery is unknown when the caller gets its answer.
    pub fn unknown(&self) {
        self.unknown.inc();
    }
}

/// Mails that have no answer yet. Where our code panics before that, they count as unknown, as their caller is told then.
#[must_use = "it counts a panic while it is held"]
pub struct OpenMails<'a> {
    mails: &'a Mails,
    caller: &'a str,
    count: u64,
}

impl Drop for OpenMails<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.mails.told(self.caller, DeliveryLabel::Unknown, self.count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_there_before_its_first_mail_and_counts_by_delivery_from_then_on() {
        let mails = Mails::default();
        mails.expect(["shop".into()].iter());
        let counts = |caller: &str| mails.of(&caller.into()).map(|counter| counter.get());
        assert_eq!((mails.callers.read().unwrap().len(), counts("shop")), (1, [0; 4]));
        for (times, delivery) in
            (1..).zip([DeliveryLabel::Accepted, DeliveryLabel::None, DeliveryLabel::Unknown, DeliveryLabel::Queued])
        {
            mails.told("shop", delivery, times);
            mails.told("late", delivery, 1);
        }
        // A reload tells of the same caller again.
        mails.expect(["shop".into()].iter());
        assert_eq!((counts("shop"), counts("late")), ([1, 2, 3, 4], [1; 4]));
    }
}
