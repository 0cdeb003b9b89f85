//! How histories of mails are written by hand: calls, visits, and what is said of them at the end.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::super::super::record::{Arrival, Failover, Sent};
use super::super::call::{Call, Life, Told};
use super::super::history::{History, Visit};
use super::super::wants::Wants;
use crate::harness::Answer;

pub(super) const ACCEPTED: &[&str] = &["accepted"];
pub(super) const UNKNOWN: &[&str] = &["unknown:http_500"];
pub(super) const REFUSED: &[&str] = &["account_refused"];

pub(super) fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

/// A time as the outbox writes it, but for the date.
fn text(millis: u64) -> String {
    format!("{millis:010}")
}

/// An answer.
pub(super) fn answer(status: u16, json: Value) -> Answer {
    Answer { status, headers: HeaderMap::new(), text: String::new(), json }
}

pub(super) fn accepted(upstream: &str) -> Answer {
    answer(200, json!({"id": "1", "delivery": "accepted", "provider": upstream}))
}

pub(super) fn queued() -> Answer {
    answer(202, json!({"id": "1", "delivery": "queued", "status": "queued"}))
}

pub(super) fn unknown() -> Answer {
    answer(504, json!({"id": "1", "delivery": "unknown", "retryable": false}))
}

pub(super) fn none(status: u16, kind: &str) -> Answer {
    let kind = format!("urn:smsp:problem:{kind}");
    answer(status, json!({"id": "1", "delivery": "none", "retryable": status == 503, "type": kind}))
}

impl Answer {
    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    pub(super) fn replayed(self) -> Self {
        self.with("idempotency-replayed", "true")
    }

    pub(super) fn later(self) -> Self {
        self.with("retry-after", "1")
    }

    pub(super) fn at_once(self) -> Self {
        self.with("preference-applied", "respond-async")
    }

    pub(super) fn having(mut self, field: &str, value: &str) -> Self {
        self.json[field] = value.into();
        self
    }
}

/// A mail with a key that may be queued.
pub(super) fn mail(number: usize) -> History {
    let failover = Failover::Safe;
    History::new(Wants { number, keyed: true, never_queued: false, at_once: false, failover })
}

impl History {
    fn wanting(self, change: impl FnOnce(&mut Wants)) -> Self {
        let mut changed = self;
        change(&mut changed.wants);
        changed
    }

    pub(super) fn unkeyed(self) -> Self {
        self.wanting(|wants| wants.keyed = false)
    }

    pub(super) fn never_queued(self) -> Self {
        self.wanting(|wants| wants.never_queued = true)
    }

    pub(super) fn preferring_the_outbox(self) -> Self {
        self.wanting(|wants| wants.at_once = true)
    }

    pub(super) fn with_failover(self, failover: Failover) -> Self {
        self.wanting(|wants| wants.failover = failover)
    }

    /// A call at this node, and its answer.
    pub(super) fn hears(mut self, node: usize, (from, to): (u64, u64), answer: Answer) -> Self {
        let (from, to) = (at(from), at(to));
        let sent = Sent::plain(self.wants.number, [from, to], Duration::ZERO, answer);
        self.calls.push(Call { at: Life { node, number: 1 }, from, to, sent: Some(sent) });
        self
    }

    /// A call at this node before it was started again.
    pub(super) fn cut_off(mut self, node: usize, (from, to): (u64, u64)) -> Self {
        self.calls.push(Call { at: Life { node, number: 0 }, from: at(from), to: at(to), sent: None });
        self
    }

    /// A visit; the third upstream takes a mail once.
    pub(super) fn meets(
        mut self,
        upstream: &'static str,
        millis: u64,
        outcomes: &'static [&'static str],
        accepted: bool,
    ) -> Self {
        let arrival = Arrival { number: self.wants.number, at: at(millis), accepted, outcomes, fates: None };
        self.visits.push(Visit { upstream, takes_once: upstream == "c", arrival });
        self
    }

    /// What both ways of looking at it say, with its hand-overs; it came there just before its caller heard so.
    pub(super) fn in_outbox(mut self, status: &str, delivery: &str, attempts: &[(u64, Option<&str>)]) -> Self {
        let heard = self.told(Told::Queued).next().map(|call| call.to).unwrap_or(at(1));
        let heard = heard.duration_since(at(0)).map(|time| time.as_millis() as u64).unwrap_or_default();
        let attempt = |(at, outcome): &(u64, Option<&str>)| json!({"at": text(*at), "outcome": outcome});
        let attempts: Vec<_> = attempts.iter().map(attempt).collect();
        let accepted_at = text(heard - 1);
        let json = json!({"status": status, "delivery": delivery, "attempts": attempts, "accepted_at": accepted_at});
        self.outbox = Some(answer(200, json));
        let upstream = self.told(Told::Accepted).find_map(|call| call.word("provider"));
        self.email = Some(answer(200, json!({"delivery": delivery, "upstream": upstream})));
        self
    }

    /// What `GET /email/{id}` says of a mail that is not in the outbox.
    pub(super) fn looked_at(mut self, delivery: &str, upstream: &str) -> Self {
        self.outbox = Some(answer(404, json!({})));
        self.email = Some(answer(200, json!({"delivery": delivery, "upstream": upstream})));
        self
    }
}
