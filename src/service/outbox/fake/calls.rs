//! What the store does, call by call. What only the pump asks is answered as by a store that is down.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::FakeStore;
use super::rows::{Fault, NOW, Row, cancel, next_row, place, take};
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::*;

fn unused<'a, T: Send + 'a>() -> Answered<'a, T> {
    Box::pin(async { Err(Failed::Down) })
}

impl Outbox for FakeStore {
    fn now(&self) -> UnixTime {
        std::time::SystemTime::now().into()
    }

    fn accept(&self, batch: Batch) -> Answered<'_, Vec<Acceptance>> {
        let fault = *self.fault.lock().unwrap();
        if fault == Some(Fault::Silent) {
            return Box::pin(std::future::pending());
        }
        assert!(batch.withdrawal.begin());
        self.answer(|rows| {
            let before = rows.len();
            let mut answers: Vec<_> = batch.rows.iter().map(|row| take(rows, &batch, row, fault)).collect();
            let is_taken = |answer: &Acceptance| matches!(answer, Acceptance::Accepted(_) | Acceptance::Repeated(_));
            if batch.atomic && !answers.iter().all(is_taken) {
                rows.truncate(before);
                let accepted = answers.iter_mut().filter(|answer| matches!(answer, Acceptance::Accepted(_)));
                accepted.for_each(|answer| *answer = Acceptance::Withheld);
            }
            batch.told(answers)
        })
    }

    fn status<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Option<Status>> {
        self.answer(|rows| {
            let found = rows.iter().find(|row| row.caller == *caller && row.status.ticket.id == id);
            found.map(|row| row.status.clone())
        })
    }

    /// Whatever is wrong with other calls.
    fn has<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, bool> {
        let fault = *self.fault.lock().unwrap();
        assert!(fault != Some(Fault::PanicInHas), "as the test asked");
        let rows = self.rows.lock().unwrap();
        let has = rows.iter().any(|row| row.caller == *caller && row.status.ticket.id == id);
        let answer = if self.tells_nothing.load(Ordering::Relaxed) { Err(Failed::Down) } else { Ok(has) };
        Box::pin(async move { answer })
    }

    fn list<'a>(
        &'a self,
        caller: &'a CallerName,
        filter: Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Answered<'a, Page> {
        self.answer(|rows| {
            let tickets = rows.iter().filter(|row| row.caller == *caller).map(|row| row.status.ticket);
            let mut tickets: Vec<_> =
                tickets.filter(|ticket| filter.state.is_none_or(|state| state == ticket.state)).collect();
            tickets.sort_by_key(|ticket| std::cmp::Reverse((ticket.accepted_at, ticket.id)));
            tickets.retain(|ticket| {
                after.is_none_or(|after| (ticket.accepted_at, ticket.id) < (after.accepted_at, after.id))
            });
            let has_more = tickets.len() > limit;
            tickets.truncate(limit);
            let last = tickets.last().filter(|_| has_more);
            let next = last.map(|ticket| Cursor { accepted_at: ticket.accepted_at, id: ticket.id });
            Page { tickets, next }
        })
    }

    fn reschedule<'a>(&'a self, caller: &'a CallerName, id: Id, send_at: UnixTime) -> Answered<'a, Change> {
        self.change(caller, id, |status| {
            let may = status.ticket.state == State::Queued && send_at < status.ticket.expires_at;
            if may {
                (status.ticket.send_at, status.next_attempt_at) = (send_at, Some(send_at));
            }
            may
        })
    }

    fn cancel<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Change> {
        self.change(caller, id, cancel)
    }

    fn erase<'a>(&'a self, caller: &'a CallerName, id: Id) -> Answered<'a, Change> {
        self.change(caller, id, |status| {
            cancel(status);
            let may = status.ticket.state != State::Sending;
            if may {
                status.recipients = None;
            }
            may
        })
    }

    fn counts(&self) -> Answered<'_, Vec<Count>> {
        self.answer(|rows| {
            let of = |state: State| {
                let times = rows.iter().filter(|row| row.status.ticket.state == state);
                let times: Vec<_> = times.map(|row| row.status.ticket.send_at).collect();
                let upstream = (state == State::Unknown).then(|| "mg".to_owned());
                let route_set = state.waits().then(|| RouteSet::new(["u0"]));
                let (rows, oldest) = (times.len() as u64, Some(times.into_iter().min()?));
                Some(Count { state, route_set, upstream, rows, bytes: 0, oldest })
            };
            State::ALL.into_iter().filter_map(of).collect()
        })
    }

    fn pause(&self, paused: bool, note: Note) -> Answered<'_, ()> {
        self.answer(|_| {
            self.keep_note(note);
            *self.paused.lock().unwrap() = paused;
            let mut fault = self.fault.lock().unwrap();
            *fault = fault.map(|fault| if fault == Fault::HangAfterOrder { Fault::Hang } else { fault });
        })
    }

    fn is_paused(&self) -> Answered<'_, bool> {
        self.answer(|_| *self.paused.lock().unwrap())
    }

    fn order(&self, id: Id, order: Order, note: Note) -> Answered<'_, Ordered> {
        self.answer(|rows| {
            let Some(row) = rows.iter_mut().find(|row| row.status.ticket.id == id) else { return Ordered::NotFound };
            let is_over = row.status.ticket.expires_at <= NOW;
            let state = &mut row.status.ticket.state;
            *state = match (order, *state) {
                (Order::Retry, State::Parked | State::Unknown) if is_over => return Ordered::Over(*state),
                (Order::SettleAsNone, State::Unknown) if is_over => State::Expired,
                (Order::Retry, State::Parked | State::Unknown) | (Order::SettleAsNone, State::Unknown) => State::Queued,
                (Order::SettleAsAccepted, State::Unknown) => State::Accepted,
                (Order::Cancel, state) if state.waits() => State::Cancelled,
                _ => return Ordered::Conflict(*state),
            };
            self.keep_note(note);
            Ordered::Done(*state)
        })
    }

    /// One row a page.
    fn select<'a>(
        &'a self,
        selection: &'a Selection,
        sort: Sort,
        after: Option<Place>,
        _: usize,
    ) -> Answered<'a, Listing> {
        self.answer(|rows| {
            let mut places: Vec<_> = (0..).map(place).zip(rows.iter()).collect();
            if sort == Sort::Newest {
                places.reverse();
            }
            let is_behind = |at: &Place| match sort {
                Sort::Newest => after.is_none_or(|after| *at < after),
                Sort::Oldest => after.is_none_or(|after| *at > after),
            };
            let mut behind = places.into_iter().filter(|(at, row)| is_behind(at) && row.fits(selection));
            let first = behind.next();
            let next = first.as_ref().map(|(at, _)| *at).filter(|_| behind.next().is_some());
            Listing { rows: first.into_iter().map(|(_, row)| row.listed()).collect(), next }
        })
    }

    /// One row a step.
    fn count<'a>(&'a self, selection: &'a Selection, after: Option<Walked>) -> Answered<'a, CountedRows> {
        self.answer(|rows| {
            let (at, caller) = next_row(rows, selection, after.as_ref());
            let next = at.map(|place| Walked { caller, place });
            CountedRows { rows: u64::from(at.is_some()), next }
        })
    }

    /// One row a step.
    fn order_all(&self, all: OrderAll, _: Bound) -> Answered<'_, OrderedAll> {
        self.answer(|rows| {
            if let Some(note) = all.note {
                self.keep_note(note);
            }
            let (at, caller) = next_row(rows, &all.selection, all.after.as_ref());
            let Some(place) = at.filter(|_| all.met < all.count) else { return OrderedAll::default() };
            let row = &mut rows[usize::try_from(place.row.0).expect("a row of this list")];
            let next = Some(Walked { caller, place });
            let to = match all.order {
                Order::Retry if row.status.ticket.expires_at <= NOW => {
                    return OrderedAll { over: 1, next, ..OrderedAll::default() };
                }
                Order::Retry | Order::SettleAsNone => State::Queued,
                Order::SettleAsAccepted => State::Accepted,
                Order::Cancel => State::Cancelled,
            };
            row.status.ticket.state = to;
            OrderedAll { changed: vec![(to, 1)], next, ..OrderedAll::default() }
        })
    }

    fn release(&self, release: Release, note: Note) -> Answered<'_, Released> {
        self.answer(|rows| {
            let is_meant = |row: &&mut Row| {
                let Status { ticket, .. } = row.status;
                let caller = release.caller.as_ref().is_none_or(|caller| *caller == row.caller);
                caller && ticket.state == State::Parked
            };
            let meant = rows.iter_mut().filter(is_meant).map(|row| row.status.ticket.state = State::Queued).count();
            self.keep_note(note);
            Released { released: meant as u64, more: false }
        })
    }

    fn history(&self) -> Answered<'_, History> {
        let went_back = *self.went_back.lock().unwrap();
        self.answer(|_| History { point: Point { epochs: vec![], marks: 7 }, went_back })
    }

    fn audit(&self, before: Option<i64>, limit: usize) -> Answered<'_, Vec<Noted>> {
        let is_meant = move |noted: &&Noted| before.is_none_or(|before| noted.number < before);
        self.answer(|_| self.notes.lock().unwrap().iter().rev().filter(is_meant).take(limit).cloned().collect())
    }

    fn note(&self, note: Note) -> Answered<'_, ()> {
        self.answer(|_| self.keep_note(note))
    }

    fn sweep_audit(&self, _: Duration) -> Answered<'_, bool> {
        unused()
    }

    fn accept_restore(&self, _: usize, _: Note) -> Answered<'_, Restored> {
        unused()
    }

    /// One row a step.
    fn erase_recipient<'a>(&'a self, hmacs: &'a [Hmac], step: Erasing, _: Bound) -> Answered<'a, Erased> {
        self.answer(|rows| {
            if let Erasing::First(note) = step {
                self.keep_note(note);
            }
            let is_to =
                |row: &&mut Row| row.status.recipients.is_some() && row.hmacs.iter().any(|hmac| hmacs.contains(hmac));
            let erased = rows.iter_mut().find(is_to).map(|row| row.status.recipients = None);
            let next = erased.map(|()| RowId(i64::MAX));
            Erased { rows: usize::from(erased.is_some()), cancelled: 0, accepted: 0, next }
        })
    }

    fn claim<'a>(&'a self, _: NodeId, _: &'a Wanted) -> Answered<'a, Vec<Claimed>> {
        unused()
    }

    fn give_back<'a>(&'a self, _: &'a [Hold]) -> Answered<'a, usize> {
        unused()
    }

    fn mark<'a>(&'a self, _: &'a Hold, _: &'a Mark) -> Answered<'a, bool> {
        unused()
    }

    fn end<'a>(&'a self, _: &'a Hold, _: &'a Ended) -> Answered<'a, Option<State>> {
        unused()
    }

    fn replay<'a>(&'a self, _: NodeId, _: &'a str, _: Bound) -> Answered<'a, Vec<Claimed>> {
        unused()
    }

    fn heartbeat(&self, _: NodeId) -> Answered<'_, Option<WentBack>> {
        unused()
    }

    fn bury(&self, _: NodeId) -> Answered<'_, Buried> {
        unused()
    }

    fn sweep(&self, _: Bound) -> Answered<'_, Swept> {
        unused()
    }

    fn route_sets(&self) -> Answered<'_, Vec<Queued>> {
        unused()
    }

    fn stale(&self, _: RulesVersion, _: Bound) -> Answered<'_, Vec<Stale>> {
        unused()
    }

    fn reroute<'a>(&'a self, _: RulesVersion, _: &'a [(RowId, RouteSet)]) -> Answered<'a, ()> {
        unused()
    }

    fn of_recipient<'a>(&'a self, hmacs: &'a [Hmac], limit: usize, note: Note) -> Answered<'a, Vec<(CallerName, Id)>> {
        self.answer(|rows| {
            self.keep_note(note);
            let of_it = rows.iter().filter(|row| row.hmacs.iter().any(|hmac| hmacs.contains(hmac)));
            of_it.take(limit).map(|row| (row.caller.clone(), row.status.ticket.id)).collect()
        })
    }
}
