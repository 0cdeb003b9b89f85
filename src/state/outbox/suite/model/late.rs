//! What a verdict does to a row of the model that its claim holds no more.

use super::super::bench::*;
use super::rows::{Known, Row};

impl Known {
    /// All ends of a run speak of one upstream.
    pub(super) fn by(ended: &Ended) -> Self {
        match ended {
            Ended::Accepted { .. } => Self::Taken,
            Ended::Unknown { .. } | Ended::Lost { .. } => Self::Nothing,
            Ended::Refused { .. } | Ended::Again { .. } => Self::NotTaken,
        }
    }
}

impl Row {
    /// What is known of the last hand-over that this end speaks of.
    pub(super) fn known_by(&mut self, hold: &Hold, ended: &Ended) -> Option<&mut Known> {
        let upstream = ended.verdicts().last()?.upstream.clone();
        let of_this = |(fence, to, _): &&mut (i64, &str, Known)| *fence == hold.fence.0 && *to == upstream;
        self.hand_overs.iter_mut().rev().find(of_this).map(|(_, _, known)| known)
    }

    pub(super) fn end_late(&mut self, now: UnixTime, hold: &Hold, ended: &Ended) -> Option<State> {
        let is_in_hand = matches!(self.state, State::Claimed | State::Sending);
        if self.fence < hold.fence.0 || self.fence == hold.fence.0 && is_in_hand {
            return None;
        }
        let (state, is_acceptance) = (self.state, matches!(ended, Ended::Accepted { .. }));
        let is_new = match self.known_by(hold, ended) {
            Some(known) if *known == Known::Nothing => {
                *known = Known::by(ended);
                true
            }
            Some(known) if is_acceptance && state == State::Accepted => {
                return (*known == Known::Taken).then_some(state);
            }
            _ => false,
        };
        self.forget_open(hold, ended);
        match ended {
            Ended::Accepted { .. } if is_new => self.taken_late(now, hold),
            Ended::Accepted { .. } => None,
            Ended::Unknown { .. } | Ended::Lost { .. } => None,
            _ if state != State::Unknown || self.is_in_doubt() => None,
            Ended::Refused { .. } => Some(self.settled(now, State::Refused)),
            Ended::Again { .. } if self.erased => Some(self.settled(now, State::Cancelled)),
            Ended::Again { wait, .. } => {
                self.owner = None;
                self.queue(now.after(*wait));
                Some(self.state)
            }
        }
    }

    /// What was marked beside the hand-overs that an end tells of was never handed over.
    pub(super) fn forget_open(&mut self, hold: &Hold, ended: &Ended) {
        if ended.tells_of_all() {
            self.hand_overs.retain(|(fence, _, known)| *fence != hold.fence.0 || *known != Known::Nothing);
        }
    }

    fn taken_late(&mut self, now: UnixTime, hold: &Hold) -> Option<State> {
        let is_other = |(fence, upstream, _): &(i64, &str, Known)| *fence != hold.fence.0 || *upstream != "mg";
        let others = self.hand_overs.iter().filter(|one| is_other(one));
        let is_replay_of_it = self.replayed;
        let may_be_two = others.filter(|(_, _, known)| *known != Known::NotTaken).count() > 0 && !is_replay_of_it;
        let has_ended_otherwise = self.state.is_final() && self.state != State::Accepted;
        self.possible_duplicate |= may_be_two || has_ended_otherwise;
        (!self.state.is_final()).then(|| self.settled(now, State::Accepted))
    }

    fn is_in_doubt(&self) -> bool {
        self.hand_overs.iter().any(|(_, _, known)| *known == Known::Nothing)
    }

    fn settled(&mut self, now: UnixTime, state: State) -> State {
        self.settle(now, state);
        state
    }
}
