//! The model: mails in parts, in memory, and the rules in plain code.

use std::collections::BTreeMap;

use super::super::bench::*;
use super::part::{Known, Part, state};

/// Everything that the model knows.
pub(super) struct Mails {
    pub(super) now: UnixTime,
    /// When each node was last seen.
    pub(super) nodes: BTreeMap<u128, UnixTime>,
    pub(super) mails: BTreeMap<u128, Mail>,
    pub(super) parts: Vec<Part>,
    /// How many mails there ever were.
    pub(super) accepted: u128,
    /// Every hold there ever was, with the place of its part.
    pub(super) holds: Vec<(usize, PartHold)>,
    /// The hand-overs to a provider of which nothing is known.
    pub(super) providers: BTreeMap<u128, Hold>,
    /// Until when a domain is closed.
    pub(super) closed: BTreeMap<u8, UnixTime>,
}

/// A mail that was split.
#[derive(Clone, Debug)]
pub(super) struct Mail {
    pub(super) expires_at: UnixTime,
    pub(super) erased: bool,
    pub(super) ended: Option<State>,
    /// The place of the part whose end has ended it.
    pub(super) ended_by: Option<usize>,
    pub(super) settled_at: Option<UnixTime>,
    pub(super) possible_duplicate: bool,
    /// Has a provider taken it for some recipients?
    pub(super) has_taken_some: bool,
}

/// What a caller can see of a mail.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    state: State,
    ended_at: Option<UnixTime>,
    possible_duplicate: bool,
    parts: Vec<(Vec<u32>, State, Option<UnixTime>, bool)>,
}

impl Seen {
    pub(super) fn of(status: &Status) -> Self {
        let part = |part: &PartStatus| (part.places.clone(), part.state, part.next_attempt_at, part.possible_duplicate);
        let mut parts: Vec<_> = status.parts.iter().map(part).collect();
        parts.sort_by_key(|(places, ..)| places.clone());
        let possible_duplicate = status.ticket.possible_duplicate;
        Self { state: status.ticket.state, ended_at: status.ended_at, possible_duplicate, parts }
    }
}

impl Mails {
    pub(super) fn new(now: UnixTime) -> Self {
        let (nodes, mails, closed) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (parts, holds, providers) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { now, nodes, mails, parts, accepted: 0, holds, providers, closed }
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = u128> + use<> {
        1..=self.accepted
    }

    pub(super) fn there(&self) -> u64 {
        self.mails.len() as u64
    }

    fn states(&self, number: u128) -> Vec<State> {
        self.parts.iter().filter(|part| part.mail == number).map(|part| part.state).collect()
    }

    /// What a caller can see of this one; none once it was dropped.
    pub(super) fn seen(&self, number: u128) -> Option<Seen> {
        let mail = self.mails.get(&number)?;
        let part = |part: &Part| {
            let next = (part.state == State::Queued).then_some(part.due);
            (part.places.clone(), part.state, next, part.possible_duplicate)
        };
        let mut parts: Vec<_> = self.parts.iter().filter(|part| part.mail == number).map(part).collect();
        parts.sort_by_key(|(places, ..)| places.clone());
        let ended_at = mail.settled_at.filter(|_| mail.ended.is_some());
        Some(Seen { state: self.state(number), ended_at, possible_duplicate: mail.possible_duplicate, parts })
    }

    /// Until all have ended: what is on its way is told before what is in doubt.
    pub(super) fn state(&self, number: u128) -> State {
        use State::*;
        let mut states = self.states(number);
        states.extend(self.mails.get(&number).filter(|mail| mail.has_taken_some).map(|_| Accepted));
        let order = [Sending, Claimed, Queued, Unknown, Parked, Accepted, Cancelled, Refused, Expired];
        order.into_iter().find(|state| states.contains(state)).expect("it has parts")
    }

    /// Brings a mail where its parts are.
    pub(super) fn refresh(&mut self, number: u128) -> State {
        let (state, states, now) = (self.state(number), self.states(number), self.now);
        let dup = self.parts.iter().any(|part| part.mail == number && part.possible_duplicate);
        let Some(mail) = self.mails.get_mut(&number).filter(|mail| mail.ended.is_none()) else { return state };
        mail.possible_duplicate |= dup;
        let rests = states.iter().all(|state| state.is_final() || *state == State::Unknown);
        mail.settled_at = rests.then_some(mail.settled_at.unwrap_or(now));
        if state.is_final() {
            (mail.ended, mail.settled_at) = (Some(state), Some(now));
        }
        state
    }

    pub(super) fn claim(&mut self, node: NodeId) -> Vec<usize> {
        let now = self.now;
        let may_be = |part: &Part| {
            let is_open = self.closed.get(&part.domain).is_none_or(|until| *until <= now);
            part.state == State::Queued && part.due <= now && self.mails[&part.mail].expires_at > now && is_open
        };
        let mut due: Vec<_> = (0..self.parts.len()).filter(|place| may_be(&self.parts[*place])).collect();
        due.sort_by_key(|place| (self.parts[*place].due, *place));
        if let Some(lost) = due.iter().find(|place| self.parts[**place].losses > 0) {
            due = vec![*lost];
        }
        if !due.is_empty() {
            self.nodes.insert(node.0.as_u128(), now);
        }
        for place in &due {
            let part = &mut self.parts[*place];
            (part.state, part.owner, part.fence) = (State::Claimed, Some(node), part.fence + 1);
            let mail = part.mail;
            self.refresh(mail);
        }
        due
    }

    pub(super) fn mark(&mut self, place: usize, hold: &PartHold) -> bool {
        let now = self.now;
        let part = &mut self.parts[place];
        let Some(mail) = self.mails.get(&part.mail) else { return false };
        let in_hand = matches!(part.state, State::Claimed | State::Sending) && part.is_held_by(hold);
        let consents = in_hand && mail.expires_at > now && !mail.erased;
        if consents {
            part.state = State::Sending;
            part.hand_overs.insert(part.fence, Known::Nothing);
            let mail = part.mail;
            self.refresh(mail);
        }
        consents
    }

    /// What the store answers to an end.
    pub(super) fn end(
        &mut self,
        place: usize,
        hold: &PartHold,
        told: &BTreeMap<u32, PartTo>,
        due: UnixTime,
    ) -> Option<State> {
        let part = self.parts[place].clone();
        let erased = self.mails.get(&part.mail)?.erased;
        let untold = if part.state == State::Claimed { PartTo::Again } else { PartTo::Unknown };
        let groups = part.groups(told, untold);
        let in_hand = matches!(part.state, State::Claimed | State::Sending) && part.is_held_by(hold);
        let (first, _) = groups.iter().next()?;
        if in_hand || part.state == State::Unknown && part.fence == hold.fence.0 {
            let was_handed_over = groups.keys().any(|to| matches!(to, PartTo::Accepted | PartTo::Unknown));
            if part.state == State::Claimed && was_handed_over {
                return None;
            }
            self.parts[place].record(hold.fence.0, &groups, told);
            self.parts[place].owner = Some(hold.node);
            self.divide(place, groups, due, erased);
            return Some(self.ended_by(place));
        }
        if part.is_held_by(hold) && state(*first, erased) == part.state {
            return Some(self.told_again(place));
        }
        let is_lost = part.fence > hold.fence.0
            || part.fence == hold.fence.0 && !matches!(part.state, State::Claimed | State::Sending | State::Unknown);
        if is_lost { self.late(place, hold, told, due, erased) } else { None }
    }

    /// Brings the mail of this part where its parts are, by an end of this one.
    pub(super) fn ended_by(&mut self, place: usize) -> State {
        let number = self.parts[place].mail;
        let state = self.refresh(number);
        if state.is_final() {
            self.mails.entry(number).and_modify(|mail| mail.ended_by = Some(place));
        }
        state
    }

    /// What a repeat of an end of this part hears.
    pub(super) fn told_again(&self, place: usize) -> State {
        let number = self.parts[place].mail;
        let state = self.state(number);
        if state.is_final() && self.mails[&number].ended_by != Some(place) { State::Sending } else { state }
    }

    pub(super) fn divide(&mut self, place: usize, groups: BTreeMap<PartTo, Vec<u32>>, due: UnixTime, erased: bool) {
        let mut groups = groups.into_iter();
        let Some((first, of_first)) = groups.next() else { return };
        for (to, places) in groups {
            let own = self.parts[place].split_off(to, places, due, erased);
            self.parts.push(own);
        }
        self.parts[place].settle(first, of_first, due, erased);
    }
}
