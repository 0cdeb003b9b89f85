//! For tests: a store that keeps its records in memory, whose clock a test sets, and that fails as it is told.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{pending, ready};

use super::row::{ACCEPTED, IN_FLIGHT, QUEUED, Row, UNKNOWN};
use super::sealing::SealedAnswer;
use super::stored::{Begun, CallNumber, CallState, End, KEPT, NewCall, Settled, StoredAnswers};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::model::message::key::IdempotencyKey;
use crate::runtime::unix_time::UnixTime;
use crate::state::store::{Answered, Failed};

/// What the store does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It carries it out.
    None,
    /// It cannot be reached.
    Down,
    /// It does not carry it out, and nobody hears that.
    Lost,
    /// It carries it out, and nobody hears that.
    AnswerLost,
    /// It never answers.
    Silent,
    /// It never answers, and carries it out when it catches up.
    Late,
}

/// What is to be carried out.
type Work = Box<dyn FnOnce(&mut Vec<Fake>, UnixTime) + Send>;

/// The store.
#[derive(Default)]
pub(crate) struct FakeAnswers {
    records: Mutex<Vec<Fake>>,
    late: Mutex<Vec<Work>>,
    now: AtomicI64,
    /// For the next calls; without any left it carries them out.
    pub(crate) faults: Mutex<VecDeque<Fault>>,
    /// Is every key in flight at another node?
    pub(crate) is_elsewhere: AtomicBool,
    /// For all calls after those.
    pub(crate) fault: Mutex<Option<Fault>>,
}

#[derive(Clone)]
struct Fake {
    id: Id,
    key: Option<IdempotencyKey>,
    caller: CallerName,
    number: CallNumber,
    former: Option<CallNumber>,
    state: i16,
    lease_until: UnixTime,
    ended_at: Option<UnixTime>,
    expires_at: UnixTime,
    answer: Option<SealedAnswer>,
}

impl Fake {
    fn is_of(&self, id: Id, number: CallNumber) -> bool {
        self.id == id && self.number == number
    }

    fn is_over(&self, now: UnixTime) -> bool {
        self.expires_at <= now
    }

    fn row(&self, now: UnixTime) -> Row {
        Row {
            id: self.id,
            number: self.number,
            state: self.state,
            lease_left: (self.state == IN_FLIGHT).then_some(self.lease_until.0 - now.0),
            ended_ago: self.ended_at.map(|at| now.0 - at.0),
            answer: self.answer.clone(),
        }
    }
}

impl FakeAnswers {
    /// Its clock goes so far forwards, or backwards.
    pub(crate) fn set_on(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::Relaxed);
    }

    fn now(&self) -> UnixTime {
        UnixTime(1_800_000_000_000 + self.now.load(Ordering::Relaxed))
    }

    /// Is the time over for which the record under this key is kept?
    pub(crate) fn is_over(&self, key: IdempotencyKey) -> bool {
        let records = self.records.lock().unwrap();
        records.iter().any(|record| record.key == Some(key) && record.is_over(self.now()))
    }

    /// Carries out what is late.
    pub(crate) fn catch_up(&self) {
        let late = std::mem::take(&mut *self.late.lock().unwrap());
        late.into_iter().for_each(|work| work(&mut self.records.lock().unwrap(), self.now()));
    }

    fn told<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Fake>, UnixTime) -> T + Send + 'static,
    ) -> Answered<'_, T> {
        let fault = self.faults.lock().unwrap().pop_front().or(*self.fault.lock().unwrap()).unwrap_or(Fault::None);
        let answer = match fault {
            Fault::None => Ok(work(&mut self.records.lock().unwrap(), self.now())),
            Fault::Down => Err(Failed::Down),
            Fault::Lost => Err(Failed::Unclear),
            Fault::AnswerLost => {
                work(&mut self.records.lock().unwrap(), self.now());
                Err(Failed::Unclear)
            }
            Fault::Silent => return pending().boxed(),
            Fault::Late => {
                self.late.lock().unwrap().push(Box::new(move |records, now| drop(work(records, now))));
                return pending().boxed();
            }
        };
        ready(answer).boxed()
    }
}

impl StoredAnswers for FakeAnswers {
    fn begin(&self, call: NewCall) -> Answered<'_, Begun> {
        if self.is_elsewhere.load(Ordering::Relaxed) {
            return ready(Ok(Begun::Elsewhere { left: call.lease })).boxed();
        }
        self.told(move |records, now| {
            let NewCall { key, id, caller, number, lease } = call;
            let lease_until = now.after(lease);
            let new = Fake {
                id,
                key: Some(key),
                caller,
                number,
                former: None,
                state: IN_FLIGHT,
                lease_until,
                ended_at: None,
                expires_at: lease_until.after(KEPT),
                answer: None,
            };
            let Some(place) = records.iter().position(|record| record.key == Some(key)) else {
                records.push(new);
                return Begun::InFlight;
            };
            let found = &mut records[place];
            let is_own = found.number == number && found.state == IN_FLIGHT && found.former.is_none();
            if found.is_over(now) || is_own {
                *found = new;
                return Begun::InFlight;
            }
            found.row(now).begun(id)
        })
    }

    fn ask_again(&self, id: Id, of: CallNumber, number: CallNumber, lease: Duration) -> Answered<'_, bool> {
        self.told(move |records, now| {
            let may_be_asked = |record: &&mut Fake| {
                let is_unknown = record.state == UNKNOWN || record.state == IN_FLIGHT && record.lease_until <= now;
                let is_own = record.number == number && record.state == IN_FLIGHT && record.former.is_some();
                let is_there = record.id == id && !record.is_over(now) && record.answer.is_some();
                is_there && (record.number == of && is_unknown || is_own)
            };
            let Some(record) = records.iter_mut().find(may_be_asked) else { return false };
            record.former = record.former.or(Some(record.number));
            record.lease_until = now.after(lease);
            (record.number, record.state, record.expires_at) = (number, IN_FLIGHT, record.lease_until.after(KEPT));
            true
        })
    }

    fn end(&self, id: Id, number: CallNumber, end: End) -> Answered<'_, Settled> {
        self.told(move |records, now| {
            let may_end = |record: &Fake| record.is_of(id, number) && matches!(record.state, IN_FLIGHT | UNKNOWN);
            let Some(place) = records.iter().position(may_end) else {
                let is_asked_about =
                    |record: &Fake| record.id == id && record.former == Some(number) && record.state == IN_FLIGHT;
                return if records.iter().any(is_asked_about) { Settled::NotYet } else { Settled::Gone };
            };
            let record = &mut records[place];
            let (state, answer) = match end {
                End::Queued => (QUEUED, None),
                End::Accepted(answer) => (ACCEPTED, answer),
                End::Unknown(answer) => (UNKNOWN, answer),
                End::None => {
                    records.remove(place);
                    return Settled::Written;
                }
                End::AsBefore => return as_before(records, place),
            };
            (record.state, record.answer, record.former) = (state, answer, None);
            (record.ended_at, record.expires_at) = (Some(now), now.after(KEPT));
            Settled::Written
        })
    }

    fn note(&self, caller: CallerName, id: Id, number: CallNumber, answer: SealedAnswer) -> Answered<'_, ()> {
        self.told(move |records, now| {
            records.push(Fake {
                id,
                key: None,
                caller,
                number,
                former: None,
                state: UNKNOWN,
                lease_until: now,
                ended_at: Some(now),
                expires_at: now.after(KEPT),
                answer: Some(answer),
            });
        })
    }

    fn look(&self, caller: CallerName, id: Id) -> Answered<'_, Option<CallState>> {
        self.told(move |records, now| {
            let is_meant = |record: &&Fake| record.id == id && record.caller == caller && !record.is_over(now);
            records.iter().find(is_meant).map(|record| record.row(now).seen())
        })
    }

    fn sweep(&self, most: usize) -> Answered<'_, usize> {
        self.told(move |records, now| {
            let mut over: Vec<_> = records.iter().filter(|record| record.is_over(now)).collect();
            over.sort_by_key(|record| (record.expires_at, record.id));
            let over: Vec<_> = over.iter().take(most).map(|record| (record.id, record.number)).collect();
            records.retain(|record| !over.contains(&(record.id, record.number)));
            over.len()
        })
    }
}

fn as_before(records: &mut Vec<Fake>, place: usize) -> Settled {
    let record = &mut records[place];
    if record.state != IN_FLIGHT {
        return Settled::Gone;
    }
    match record.former.take() {
        None => {
            records.remove(place);
        }
        Some(former) => {
            record.number = former;
            record.state = UNKNOWN;
            record.expires_at = record.ended_at.unwrap_or_default().after(KEPT);
        }
    }
    Settled::Written
}

mod tests;
