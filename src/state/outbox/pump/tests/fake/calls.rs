//! What the store in memory does with its rows, call by call. What the pump never asks is answered as by a store that is down.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::super::super::super::*;
use super::super::rows::{Row, claimed, held, words};
use super::Fake;
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::runtime::unix_time::UnixTime;

impl Outbox for Fake {
    fn now(&self) -> UnixTime {
        std::time::SystemTime::now().into()
    }

    fn claim<'a>(&'a self, node: NodeId, wanted: &'a Wanted) -> Answered<'a, Vec<Claimed>> {
        let (wanted, claims) = (wanted.clone(), Arc::clone(&self.claims));
        self.call("claim", Vec::new(), move |rows| {
            let may_be = |row: &Row| {
                let is_due = row.state == State::Queued && row.due <= Instant::now();
                is_due && wanted.sets.contains(&row.set) && !wanted.without.contains(&row.caller.into())
            };
            let lost = rows.iter().position(|row| wanted.lost && row.losses > 0 && may_be(row));
            let mut taken: Vec<_> = lost.into_iter().collect();
            for (lane, limit) in Lane::ALL.into_iter().zip(wanted.of_lane) {
                let due = |row: &Row| lost.is_none() && may_be(row) && row.losses == 0 && row.lane == lane;
                let mut places: Vec<_> = (0..rows.len()).filter(|place| due(&rows[*place])).collect();
                places.sort_by_key(|place| rows[*place].due);
                let mut of_lane = 0;
                for place in places {
                    let caller = rows[place].caller;
                    let of_caller = taken.iter().filter(|taken: &&usize| rows[**taken].caller == caller).count();
                    if of_lane < limit && of_caller < wanted.of_caller {
                        of_lane += 1;
                        taken.push(place);
                    }
                }
            }
            let claim = |place: usize| {
                let row = &mut rows[place];
                (row.state, row.fence, row.is_replay) = (State::Claimed, row.fence + 1, false);
                claimed(place, row, node)
            };
            if !taken.is_empty() {
                claims.lock().unwrap().push(taken.clone());
            }
            taken.into_iter().map(claim).collect()
        })
    }

    fn give_back<'a>(&'a self, holds: &'a [Hold]) -> Answered<'a, usize> {
        let holds = holds.to_vec();
        self.call("give_back", 0, move |rows| {
            let held = holds
                .iter()
                .filter_map(|hold| held(rows, hold, &[State::Claimed]).map(|row| row.state = State::Queued));
            held.count()
        })
    }

    fn mark<'a>(&'a self, hold: &'a Hold, mark: &'a Mark) -> Answered<'a, bool> {
        let (hold, mark) = (*hold, mark.clone());
        self.call("mark", false, move |rows| {
            let Some(row) = held(rows, &hold, &[State::Claimed, State::Sending]) else { return false };
            (row.state, row.upstream) = (State::Sending, Some(mark.upstream));
            row.replay_until = mark.replay_for.map(|time| Instant::now() + time);
            true
        })
    }

    fn end<'a>(&'a self, hold: &'a Hold, ended: &'a Ended) -> Answered<'a, Option<State>> {
        let (hold, ended) = (*hold, ended.clone());
        self.call("end", None, move |rows| {
            let marked = [State::Sending, State::Unknown];
            let any = [State::Claimed, State::Sending, State::Unknown];
            let is_unknown = matches!(ended, Ended::Unknown { .. });
            let row = held(rows, &hold, if is_unknown { &marked[..] } else { &any })?;
            let (state, word) = match ended {
                Ended::Accepted { verdicts, possible_duplicate } => {
                    let risk = if possible_duplicate { " possible duplicate" } else { "" };
                    (State::Accepted, format!("accepted {}{risk}", words(&verdicts)))
                }
                Ended::Refused { verdicts } => {
                    row.due = Instant::now() + Duration::from_secs(60);
                    (State::Refused, format!("refused {}", words(&verdicts)))
                }
                Ended::Again { verdicts, wait, counted, .. } => {
                    row.due = Instant::now() + wait;
                    row.attempts += u32::from(counted);
                    (State::Queued, format!("again {}", words(&verdicts)))
                }
                Ended::Lost { wait } => {
                    row.due = Instant::now() + wait;
                    (State::Queued, "lost".to_owned())
                }
                Ended::Unknown { verdicts, replay_after } => {
                    row.due = Instant::now() + replay_after;
                    (State::Unknown, format!("unknown {}", words(&verdicts)))
                }
            };
            // Of the first hand-over nothing is known here.
            let is_in_doubt = row.is_replay && state != State::Accepted;
            row.state = if is_in_doubt { State::Unknown } else { state };
            row.ends.push(word);
            Some(row.state)
        })
    }

    fn replay<'a>(&'a self, node: NodeId, upstream: &'a str, bound: Bound) -> Answered<'a, Vec<Claimed>> {
        let upstream = upstream.to_owned();
        self.call("replay", Vec::new(), move |rows| {
            let now = Instant::now();
            let mut taken = Vec::new();
            for (place, row) in rows.iter_mut().enumerate() {
                let is_open = row.replay_until.is_some_and(|until| until > now) && row.due <= now;
                if row.state == State::Unknown
                    && row.upstream.as_ref() == Some(&upstream)
                    && is_open
                    && taken.len() < bound.rows
                {
                    (row.state, row.fence, row.is_replay) = (State::Sending, row.fence + 1, true);
                    taken.push(claimed(place, row, node));
                }
            }
            taken
        })
    }

    fn heartbeat(&self, _: NodeId) -> Answered<'_, Option<WentBack>> {
        let went_back = *self.went_back.lock().unwrap();
        self.call("heartbeat", None, move |_| went_back)
    }

    fn bury(&self, _: NodeId) -> Answered<'_, Buried> {
        self.call("bury", Buried::default(), |_| Buried::default())
    }

    fn sweep(&self, _: Bound) -> Answered<'_, Swept> {
        self.call("sweep", Swept::default(), |_| Swept::default())
    }

    fn route_sets(&self) -> Answered<'_, Vec<Queued>> {
        self.call("route_sets", Vec::new(), |rows| {
            let queued = rows.iter().filter(|row| row.state == State::Queued);
            Queued::of(queued.map(|row| (row.set.clone(), row.lane as usize, [row.caller; 2])))
        })
    }

    fn accept(&self, _: Batch) -> Answered<'_, Vec<Acceptance>> {
        self.not_asked("accept")
    }

    fn stale(&self, rules: RulesVersion, bound: Bound) -> Answered<'_, Vec<Stale>> {
        self.call("stale", Vec::new(), move |rows| {
            let stale = |(place, row): (usize, &Row)| {
                let Claimed { hold, id, caller, content, .. } = claimed(place, row, NodeId(Uuid::nil()));
                let is_stale = row.state == State::Queued && row.rules != rules;
                is_stale.then_some(Stale { row: hold.row, id, caller, content })
            };
            rows.iter().enumerate().filter_map(stale).take(bound.rows).collect()
        })
    }

    fn reroute<'a>(&'a self, rules: RulesVersion, sets: &'a [(RowId, RouteSet)]) -> Answered<'a, ()> {
        let sets = sets.to_vec();
        self.call("reroute", (), move |rows| {
            for (RowId(place), set) in sets {
                let row = &mut rows[place as usize];
                (row.rules, row.set) = (rules, set);
            }
        })
    }

    fn status<'a>(&'a self, _: &'a CallerName, _: Id) -> Answered<'a, Option<Status>> {
        self.not_asked("status")
    }

    fn has<'a>(&'a self, _: &'a CallerName, _: Id) -> Answered<'a, bool> {
        self.not_asked("has")
    }

    fn list<'a>(&'a self, _: &'a CallerName, _: Filter, _: Option<Cursor>, _: usize) -> Answered<'a, Page> {
        self.not_asked("list")
    }

    fn reschedule<'a>(&'a self, _: &'a CallerName, _: Id, _: UnixTime) -> Answered<'a, Change> {
        self.not_asked("reschedule")
    }

    fn cancel<'a>(&'a self, _: &'a CallerName, _: Id) -> Answered<'a, Change> {
        self.not_asked("cancel")
    }

    fn erase<'a>(&'a self, _: &'a CallerName, _: Id) -> Answered<'a, Change> {
        self.not_asked("erase")
    }

    fn counts(&self) -> Answered<'_, Vec<Count>> {
        self.not_asked("counts")
    }

    fn pause(&self, _: bool, _: Note) -> Answered<'_, ()> {
        self.not_asked("pause")
    }

    fn is_paused(&self) -> Answered<'_, bool> {
        self.not_asked("is_paused")
    }

    fn order(&self, _: Id, _: Order, _: Note) -> Answered<'_, Ordered> {
        self.not_asked("order")
    }

    fn accept_restore(&self, _: usize, _: Note) -> Answered<'_, Restored> {
        self.not_asked("accept_restore")
    }

    fn release(&self, _: Release, _: Note) -> Answered<'_, Released> {
        self.not_asked("release")
    }

    fn history(&self) -> Answered<'_, History> {
        self.not_asked("history")
    }

    fn audit(&self, _: Option<i64>, _: usize) -> Answered<'_, Vec<Noted>> {
        self.not_asked("audit")
    }

    fn note(&self, _: Note) -> Answered<'_, ()> {
        self.not_asked("note")
    }

    fn sweep_audit(&self, _: Duration) -> Answered<'_, bool> {
        self.not_asked("sweep_audit")
    }

    fn select<'a>(&'a self, _: &'a Selection, _: Sort, _: Option<Place>, _: usize) -> Answered<'a, Listing> {
        self.not_asked("select")
    }

    fn count<'a>(&'a self, _: &'a Selection, _: Option<Walked>) -> Answered<'a, CountedRows> {
        self.not_asked("count")
    }

    fn order_all(&self, _: OrderAll, _: Bound) -> Answered<'_, OrderedAll> {
        self.not_asked("order_all")
    }

    fn of_recipient<'a>(&'a self, _: &'a [Hmac], _: usize, _: Note) -> Answered<'a, Vec<(CallerName, Id)>> {
        self.not_asked("of_recipient")
    }

    fn erase_recipient<'a>(&'a self, _: &'a [Hmac], _: Erasing, _: Bound) -> Answered<'a, Erased> {
        self.not_asked("erase_recipient")
    }
}
