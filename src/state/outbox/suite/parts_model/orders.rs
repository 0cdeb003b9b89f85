//! What time, dead nodes and people change in the model.

use super::super::bench::*;
use super::mails::Mails;
use super::part::Part;

impl Mails {
    fn change(&mut self, number: u128, may: impl Fn(&Part) -> bool, change: impl Fn(&mut Part)) -> Option<State> {
        let mut changed = false;
        for part in self.parts.iter_mut().filter(|part| part.mail == number && may(part)) {
            change(part);
            changed = true;
        }
        changed.then(|| self.refresh(number))
    }

    pub(super) fn give_back(&mut self, place: usize, hold: &PartHold, due: UnixTime) -> bool {
        let part = &mut self.parts[place];
        let may = part.state == State::Claimed && part.is_held_by(hold);
        if may {
            (part.state, part.owner, part.due) = (State::Queued, None, part.due.max(due));
            let mail = part.mail;
            self.refresh(mail);
        }
        may
    }

    pub(super) fn lost(&mut self, place: usize, hold: &PartHold, due: UnixTime) -> Option<State> {
        let part = &mut self.parts[place];
        let mail = part.mail;
        if part.state == State::Claimed && part.is_held_by(hold) {
            part.losses += 1;
            (part.state, part.due) = (if part.losses >= 3 { State::Parked } else { State::Queued }, due);
        } else if !(part.is_held_by(hold) && matches!(part.state, State::Queued | State::Parked)) {
            return None;
        }
        let is_parked = part.state == State::Parked;
        let state = self.mails.contains_key(&mail).then(|| self.refresh(mail))?;
        Some(if is_parked { State::Parked } else { state })
    }

    pub(super) fn bury(&mut self) {
        let dead = self.now.before(Duration::from_secs(30));
        self.nodes.retain(|_, seen| *seen > dead);
        for place in 0..self.parts.len() {
            let part = &mut self.parts[place];
            let is_in_hand = matches!(part.state, State::Claimed | State::Sending);
            let lives = part.owner.is_none_or(|owner| self.nodes.contains_key(&owner.0.as_u128()));
            if !is_in_hand || lives || !self.mails.contains_key(&part.mail) {
                continue;
            }
            if part.state == State::Sending {
                part.state = State::Unknown;
            } else {
                part.losses += 1;
                part.state = if part.losses >= 3 { State::Parked } else { State::Queued };
            }
            part.owner = None;
            let mail = part.mail;
            self.refresh(mail);
        }
    }

    pub(super) fn sweep(&mut self) {
        let now = self.now;
        for number in self.mails.keys().copied().collect::<Vec<_>>() {
            if self.mails[&number].expires_at <= now {
                let waits = |part: &Part| matches!(part.state, State::Queued | State::Parked);
                self.change(number, waits, |part| part.state = State::Expired);
            }
        }
        let kept = now.before(KEEP);
        self.mails.retain(|_, mail| mail.settled_at.is_none_or(|at| at > kept));
    }

    pub(super) fn cancel(&mut self, number: u128, though_under_way: bool) -> Option<State> {
        let under_way = self.parts.iter().any(|part| part.mail == number && part.state == State::Sending);
        if !self.mails.contains_key(&number) || under_way && !though_under_way {
            return None;
        }
        let waits = |part: &Part| part.state.waits();
        self.change(number, waits, |part| (part.state, part.owner) = (State::Cancelled, None))
    }

    pub(super) fn erase(&mut self, number: u128, though_under_way: bool) {
        let under_way = self.parts.iter().any(|part| part.mail == number && part.state == State::Sending);
        if under_way && !though_under_way {
            return;
        }
        self.cancel(number, true);
        self.mails.entry(number).and_modify(|mail| mail.erased = true);
    }

    pub(super) fn order(&mut self, number: u128, order: Order) -> Option<State> {
        let (now, mail) = (self.now, self.mails.get(&number)?.clone());
        let is_over = mail.expires_at <= now;
        match order {
            Order::Retry if mail.erased || is_over => None,
            Order::Retry => self.change(
                number,
                |part| matches!(part.state, State::Unknown | State::Parked),
                |part| {
                    part.possible_duplicate |= part.state == State::Unknown;
                    (part.state, part.due, part.losses, part.owner) = (State::Queued, now, 0, None);
                },
            ),
            Order::SettleAsAccepted => self.change(
                number,
                |part| part.state == State::Unknown,
                |part| (part.state, part.owner) = (State::Accepted, None),
            ),
            Order::SettleAsNone => self.change(
                number,
                |part| part.state == State::Unknown,
                |part| {
                    let to = if mail.erased {
                        State::Cancelled
                    } else if is_over {
                        State::Expired
                    } else {
                        State::Queued
                    };
                    (part.state, part.due, part.owner) = (to, now, None);
                },
            ),
            Order::Cancel => self.cancel(number, false),
        }
    }
}
