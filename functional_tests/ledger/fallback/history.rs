//! All that is known of one mail, and of one run.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use super::super::record::{Arrival, Cut};
use super::call::{Call, Life, Told};
use super::wants::Wants;
use crate::harness::Answer;
use crate::harness::metrics::Metrics;
use crate::harness::outbox::Counts;

/// One mail at one provider.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) upstream: &'static str,
    /// Does it take a mail once, however often it is asked?
    pub(super) takes_once: bool,
    pub(super) arrival: Arrival,
}

impl Visit {
    /// May the hand-over have succeeded, as far as the proxy can know?
    pub(super) fn is_unclear(&self) -> bool {
        let unclear = |outcome: &&str| outcome.starts_with("unknown") || outcome.starts_with("accepted");
        self.arrival.accepted || self.arrival.outcomes.iter().all(unclear)
    }
}

/// One mail: all of its calls, all of its visits, and what is said of it at the end.
pub(super) struct History {
    pub(super) wants: Wants,
    pub(super) calls: Vec<Call>,
    /// In the order of time.
    pub(super) visits: Vec<Visit>,
    /// Answers of `GET /outbox/{id}` meanwhile, at any node.
    pub(super) looks: Vec<Answer>,
    /// What `GET /outbox/{id}` answers at the end.
    pub(super) outbox: Option<Answer>,
    /// What `GET /email/{id}` answers at the end.
    pub(super) email: Option<Answer>,
    /// Why a call has no answer although its node lives.
    pub(super) unanswered: Vec<String>,
}

/// When the store was ordered to go, was away, and was ordered to come back.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoreOutage {
    pub(super) order: SystemTime,
    pub(super) away: SystemTime,
    pub(super) back: SystemTime,
}

/// All that is known of one run.
pub(super) struct Run {
    pub(super) mails: Vec<History>,
    /// Is `SMSP_OUTBOX_FALLBACK` set?
    pub(super) falls_back: bool,
    /// Does the last provider take every mail that comes while it is up?
    pub(super) one_takes_all: bool,
    /// When no provider was up.
    pub(super) outages: Vec<Cut>,
    /// When the store was away, as far as that was ordered or callers were told.
    pub(super) store_outages: Vec<StoreOutage>,
    /// The metrics of each node in its last life.
    pub(super) metrics: BTreeMap<Life, Metrics>,
    /// What the outbox counts.
    pub(super) counts: Counts,
}

/// So long may a node take to find the store that is back.
const FOUND: Duration = Duration::from_secs(10);

impl Run {
    /// Was the store away at any time of this call, or had it been a moment before?
    pub(super) fn store_was_away(&self, call: &Call) -> bool {
        self.store_outages.iter().any(|outage| outage.order <= call.to && call.from <= outage.back + FOUND)
    }

    /// Was the store away all the time?
    pub(super) fn store_was_away_throughout(&self, call: &Call) -> bool {
        self.store_outages.iter().any(|outage| outage.away < call.from && call.to < outage.back)
    }
}

impl History {
    pub(super) fn new(wants: Wants) -> Self {
        let (calls, visits, looks, unanswered) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { wants, calls, visits, looks, outbox: None, email: None, unanswered }
    }

    /// Its id, if it was told.
    pub(super) fn id(&self) -> Option<&str> {
        self.calls.iter().find_map(|call| call.word("id"))
    }

    /// The calls whose callers were told this.
    pub(super) fn told(&self, told: Told) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(move |call| call.told() == told)
    }

    pub(super) fn was_told(&self, told: Told) -> bool {
        self.told(told).next().is_some()
    }

    /// How often a provider took it.
    pub(super) fn taken(&self) -> usize {
        self.visits.iter().filter(|visit| visit.arrival.accepted).count()
    }

    /// Is it in the outbox at the end?
    pub(super) fn is_in_outbox(&self) -> bool {
        self.outbox.as_ref().is_some_and(|outbox| outbox.status == 200)
    }

    /// A field of what the outbox says at the end.
    pub(super) fn outbox_word(&self, field: &str) -> Option<&str> {
        self.outbox.as_ref()?.json[field].as_str()
    }

    /// Does any answer say that it may have been sent twice?
    pub(super) fn is_marked(&self) -> bool {
        let answers = self.calls.iter().filter_map(|call| call.sent.as_ref()).map(|sent| &sent.answer);
        let mut all = answers.chain(&self.outbox).chain(&self.email);
        all.any(|answer| answer.json["possible_duplicate"] == true)
    }

    /// The first call that was told that the mail is queued, and that queued it itself.
    pub(super) fn queued_by(&self) -> Option<&Call> {
        self.told(Told::Queued).find(|call| !call.is_replayed())
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}", self.wants)?;
        self.calls.iter().try_for_each(|call| writeln!(f, "  {call}"))?;
        for Visit { upstream, arrival, .. } in &self.visits {
            let at = arrival.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
            writeln!(f, "  at {upstream} {at}: accepted {}, {:?}", arrival.accepted, arrival.outcomes)?;
        }
        for (name, answer) in [("outbox", &self.outbox), ("email", &self.email)] {
            let answer = answer.as_ref().map(|answer| format!("{} {}", answer.status, answer.json));
            writeln!(f, "  GET /{name}: {}", answer.as_deref().unwrap_or("not asked"))?;
        }
        Ok(())
    }
}
