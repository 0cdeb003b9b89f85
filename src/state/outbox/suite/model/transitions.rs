//! What each call does to a row of the model.

use super::super::bench::*;
use super::rows::{Known, Row, Rows};

impl Row {
    fn is_held_by(&self, hold: &Hold) -> bool {
        self.fence == hold.fence.0 && self.owner == Some(hold.node)
    }

    /// A late verdict needs no owner.
    fn is_ended_by(&self, hold: &Hold, states: &[State]) -> bool {
        let held = self.is_held_by(hold) && states.contains(&self.state);
        held || self.fence == hold.fence.0 && self.state == State::Unknown
    }

    pub(super) fn mark(&mut self, now: UnixTime, hold: &Hold, upstream: &'static str) -> bool {
        let wanted = self.expires_at > now && !self.erased && !self.replayed;
        if !self.is_held_by(hold) || !matches!(self.state, State::Claimed | State::Sending) || !wanted {
            return false;
        }
        // What every call is for: nothing is handed over that a provider may have, but by order of a person.
        assert!(self.open.is_none_or(|fence| fence == self.fence) || self.possible_duplicate, "{self:?}");
        (self.state, self.upstream, self.open) = (State::Sending, Some(upstream), Some(self.fence));
        (self.marked_at, self.replay_until) = (now, Some(now.after(Duration::from_secs(100))));
        let this = (self.fence, upstream, Known::Nothing);
        if !self.hand_overs.contains(&this) {
            self.hand_overs.push(this);
        }
        true
    }

    pub(super) fn end(&mut self, now: UnixTime, hold: &Hold, ended: &Ended) -> Option<State> {
        let before_a_hand_over = [State::Claimed, State::Sending];
        let states = match ended {
            Ended::Accepted { .. } | Ended::Unknown { .. } => &before_a_hand_over[1..],
            Ended::Refused { .. } | Ended::Again { .. } => &before_a_hand_over[..],
            Ended::Lost { .. } => return self.lose(now, hold, ended),
        };
        if !self.is_ended_by(hold, states) {
            let repeated = self.is_held_by(hold) && self.state == self.brought_to(hold, ended);
            return if repeated { Some(self.state) } else { self.end_late(now, hold, ended) };
        }
        self.end_by(now, hold, ended);
        self.known_by(hold, ended).into_iter().for_each(|known| *known = Known::by(ended));
        self.forget_open(hold, ended);
        // It stays, for a repeat.
        self.owner = Some(hold.node);
        Some(self.state)
    }

    fn lose(&mut self, now: UnixTime, hold: &Hold, ended: &Ended) -> Option<State> {
        if self.is_held_by(hold) && self.state == State::Claimed {
            self.end_by(now, hold, ended);
            self.losses += 1;
            if self.losses >= 3 {
                self.state = State::Parked;
            }
            return Some(self.state);
        }
        Some(self.state).filter(|state| self.is_held_by(hold) && *state == self.brought_to(hold, ended))
    }

    /// Where this end would bring the row.
    fn brought_to(&self, hold: &Hold, ended: &Ended) -> State {
        match ended {
            Ended::Accepted { .. } => State::Accepted,
            Ended::Unknown { .. } => State::Unknown,
            Ended::Lost { .. } if self.state == State::Parked => State::Parked,
            Ended::Lost { .. } => State::Queued,
            _ if self.keeps_doubt(hold) => State::Unknown,
            Ended::Again { .. } if self.erased => State::Cancelled,
            Ended::Again { .. } => State::Queued,
            Ended::Refused { .. } => State::Refused,
        }
    }

    /// A replay that was not taken says nothing of the hand-over before it.
    fn keeps_doubt(&self, hold: &Hold) -> bool {
        let is_open = |(fence, _, known): &(i64, &str, Known)| *fence != hold.fence.0 && *known == Known::Nothing;
        self.replayed && self.hand_overs.iter().any(is_open)
    }

    fn end_by(&mut self, now: UnixTime, hold: &Hold, ended: &Ended) {
        let keeps_doubt = self.keeps_doubt(hold);
        match ended {
            Ended::Accepted { .. } => self.settle(now, State::Accepted),
            Ended::Unknown { replay_after, .. } => self.doubt(now, now.after(*replay_after)),
            Ended::Refused { .. } if keeps_doubt => self.doubt(now, now.after(Duration::from_secs(60))),
            Ended::Again { wait, .. } if keeps_doubt => self.doubt(now, now.after(*wait)),
            Ended::Refused { .. } => self.settle(now, State::Refused),
            Ended::Again { .. } if self.erased => self.settle(now, State::Cancelled),
            Ended::Again { wait, .. } | Ended::Lost { wait } => self.queue(now.after(*wait)),
        }
    }

    pub(super) fn queue(&mut self, due: UnixTime) {
        (self.state, self.due, self.open, self.settled_at, self.replayed) = (State::Queued, due, None, None, false);
    }

    pub(super) fn doubt(&mut self, now: UnixTime, due: UnixTime) {
        (self.state, self.due, self.settled_at) = (State::Unknown, due, Some(now));
    }

    pub(super) fn settle(&mut self, now: UnixTime, state: State) {
        (self.state, self.settled_at, self.owner, self.has_content) = (state, Some(now), None, false);
    }

    pub(super) fn erase(&mut self) {
        (self.erased, self.has_content) = (true, false);
    }

    pub(super) fn is_cancellable(&self) -> bool {
        matches!(self.state, State::Queued | State::Claimed | State::Parked)
    }

    pub(super) fn order(&mut self, now: UnixTime, order: Order) -> Ordered {
        let was = self.state;
        match (order, was) {
            (Order::Retry, State::Parked | State::Unknown) if self.expires_at <= now => return Ordered::Over(was),
            (Order::Retry, State::Parked | State::Unknown) if self.has_content => {
                self.possible_duplicate |= was == State::Unknown;
                self.losses = 0;
                self.queue(now);
            }
            (Order::SettleAsNone, State::Unknown) if self.erased => self.settle(now, State::Cancelled),
            (Order::SettleAsNone, State::Unknown) if self.expires_at <= now => self.settle(now, State::Expired),
            (Order::SettleAsNone, State::Unknown) => self.queue(now),
            (Order::SettleAsAccepted, State::Unknown) => self.settle(now, State::Accepted),
            (Order::Cancel, _) if self.is_cancellable() => self.settle(now, State::Cancelled),
            _ => return Ordered::Conflict(was),
        }
        self.owner = None;
        Ordered::Done(self.state)
    }
}

impl Rows {
    /// The rows that a claim takes, with their new fence.
    pub(super) fn claim(&mut self, node: NodeId, limit: usize) -> Vec<(u128, i64)> {
        if self.paused {
            return Vec::new();
        }
        let now = self.now;
        self.nodes.insert(node.0.as_u128(), now);
        let is_due = |row: &&mut Row| row.state == State::Queued && row.due <= now && row.expires_at > now;
        let mut due: Vec<_> = self.rows.iter_mut().filter(is_due).collect();
        due.sort_by_key(|row| (row.due, row.number));
        if let Some(lost) = due.iter().position(|row| row.losses > 0) {
            due = vec![due.swap_remove(lost)];
        }
        let claim = |row: &mut Row| {
            (row.state, row.owner, row.fence) = (State::Claimed, Some(node), row.fence + 1);
            (row.number, row.fence)
        };
        due.into_iter().take(limit).map(claim).collect()
    }

    pub(super) fn replay(&mut self, node: NodeId, upstream: &'static str) -> Vec<(u128, i64)> {
        if self.paused {
            return Vec::new();
        }
        let now = self.now;
        self.nodes.insert(node.0.as_u128(), now);
        let may_be = |row: &&mut Row| {
            let is_open = row.replay_until.is_some_and(|until| until > now) && row.expires_at > now && row.due <= now;
            row.state == State::Unknown && row.upstream == Some(upstream) && is_open && !row.erased
        };
        let mut due: Vec<_> = self.rows.iter_mut().filter(may_be).collect();
        due.sort_by_key(|row| (row.due, row.number));
        if due.first().is_some_and(|first| first.losses > 0) {
            due.truncate(1);
        } else {
            due.retain(|row| row.losses == 0);
        }
        let replay = |row: &mut Row| {
            (row.state, row.owner, row.fence) = (State::Sending, Some(node), row.fence + 1);
            (row.replayed, row.settled_at) = (true, None);
            row.marked_at = now;
            row.hand_overs.push((row.fence, upstream, Known::Nothing));
            (row.number, row.fence)
        };
        due.into_iter().map(replay).collect()
    }

    pub(super) fn bury(&mut self) -> Buried {
        let mut buried = Buried::default();
        let living: Vec<_> = self.nodes.keys().map(|number| node(*number)).filter(|node| self.lives(*node)).collect();
        self.nodes.retain(|number, _| living.contains(&node(*number)));
        for row in &mut self.rows {
            let is_in_hand = matches!(row.state, State::Claimed | State::Sending);
            if !is_in_hand || row.owner.is_none_or(|owner| living.contains(&owner)) {
                continue;
            }
            row.owner = None;
            if row.state == State::Sending {
                row.doubt(self.now, self.now.max(row.marked_at.after(ATTEMPT)));
                row.losses += u32::from(row.replayed);
                row.replay_until = row.replay_until.filter(|_| !row.replayed || row.losses < 3);
                buried.unknown += 1;
            } else {
                row.losses += 1;
                row.state = if row.losses >= 3 { State::Parked } else { State::Queued };
                *(if row.losses >= 3 { &mut buried.parked } else { &mut buried.queued }) += 1;
            }
        }
        buried
    }

    pub(super) fn sweep(&mut self) -> Swept {
        let (now, before) = (self.now, self.rows.len());
        let waits = |row: &&mut Row| matches!(row.state, State::Queued | State::Parked) && row.expires_at <= now;
        let expired = self.rows.iter_mut().filter(waits).map(|row| row.settle(now, State::Expired)).count() as u64;
        let kept = now.before(KEEP);
        let is_kept = |row: &Row| row.settled_at.is_none_or(|at| at > kept);
        let unknown = self.rows.iter().filter(|row| !is_kept(row) && row.state == State::Unknown).count() as u64;
        self.rows.retain(is_kept);
        Swept { expired, unknown, dropped: (before - self.rows.len()) as u64, ..Swept::default() }
    }
}
