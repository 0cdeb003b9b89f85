//! One part of the model.

use std::collections::BTreeMap;

use super::super::bench::*;

/// What is known of the end of a hand-over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Nothing,
    Taken,
    NotTaken,
}

/// A part of a mail.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) mail: u128,
    pub(super) domain: u8,
    pub(super) places: Vec<u32>,
    pub(super) state: State,
    pub(super) due: UnixTime,
    pub(super) fence: i64,
    pub(super) owner: Option<NodeId>,
    pub(super) losses: u32,
    pub(super) possible_duplicate: bool,
    pub(super) hand_overs: BTreeMap<i64, Known>,
}

/// What became of recipients that have come to one place.
pub(super) type Groups = BTreeMap<PartTo, Vec<u32>>;

/// The state that this brings a part into.
pub(super) fn state(to: PartTo, erased: bool) -> State {
    match to {
        PartTo::Unknown => State::Unknown,
        PartTo::Again => {
            if erased {
                State::Cancelled
            } else {
                State::Queued
            }
        }
        PartTo::Accepted => State::Accepted,
        PartTo::Refused => State::Refused,
    }
}

impl Part {
    pub(super) fn is_held_by(&self, hold: &PartHold) -> bool {
        self.fence == hold.fence.0 && self.owner == Some(hold.node)
    }

    pub(super) fn groups(&self, told: &BTreeMap<u32, PartTo>, untold: PartTo) -> Groups {
        let mut groups = Groups::new();
        for place in &self.places {
            groups.entry(told.get(place).copied().unwrap_or(untold)).or_default().push(*place);
        }
        groups
    }

    /// Takes these of its recipients into a part of their own.
    pub(super) fn split_off(&self, to: PartTo, places: Vec<u32>, due: UnixTime, erased: bool) -> Self {
        let state = state(to, erased);
        let due = if state == State::Queued { due } else { self.due };
        Self { places, state, due, owner: None, hand_overs: BTreeMap::new(), ..self.clone() }
    }

    pub(super) fn settle(&mut self, to: PartTo, places: Vec<u32>, due: UnixTime, erased: bool) {
        (self.places, self.state) = (places, state(to, erased));
        if self.state == State::Queued {
            self.due = due;
        }
    }

    /// Is a hand-over in doubt, or was taken, other than that under this fence?
    pub(super) fn has_other(&self, fence: Option<i64>) -> bool {
        self.hand_overs.iter().any(|(other, known)| Some(*other) != fence && *known != Known::NotTaken)
    }

    /// Writes down what a hand-over came to: nothing is known while it is of one recipient, else its first verdict tells.
    pub(super) fn record(&mut self, fence: i64, groups: &Groups, told: &BTreeMap<u32, PartTo>) {
        let first = groups.values().flatten().find_map(|place| told.get(place));
        let known = match first {
            _ if groups.contains_key(&PartTo::Unknown) => Known::Nothing,
            None | Some(PartTo::Unknown) => Known::Nothing,
            Some(PartTo::Accepted) => Known::Taken,
            Some(_) => Known::NotTaken,
        };
        self.hand_overs.entry(fence).and_modify(|before| *before = known);
    }
}
