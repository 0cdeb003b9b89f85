//! The model: rows in memory, and the rules of the outbox in plain code.

use std::collections::BTreeMap;

use super::super::bench::*;

/// Everything that the model knows.
pub(super) struct Rows {
    pub(super) now: UnixTime,
    pub(super) paused: bool,
    /// When each node was last seen.
    pub(super) nodes: BTreeMap<u128, UnixTime>,
    pub(super) rows: Vec<Row>,
    /// How many rows there ever were.
    pub(super) accepted: u128,
    /// Every hold there ever was, with the number of its row.
    pub(super) holds: Vec<(u128, Hold)>,
}

/// One row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) number: u128,
    pub(super) state: State,
    pub(super) due: UnixTime,
    pub(super) send_at: UnixTime,
    pub(super) expires_at: UnixTime,
    pub(super) fence: i64,
    pub(super) owner: Option<NodeId>,
    pub(super) upstream: Option<&'static str>,
    pub(super) replay_until: Option<UnixTime>,
    pub(super) replayed: bool,
    pub(super) possible_duplicate: bool,
    pub(super) erased: bool,
    pub(super) has_content: bool,
    pub(super) losses: u32,
    /// Hand-overs: fence, upstream, and what is known of the end of each.
    pub(super) hand_overs: Vec<(i64, &'static str, Known)>,
    pub(super) marked_at: UnixTime,
    pub(super) settled_at: Option<UnixTime>,
    /// The fence of a hand-over that a provider may have taken, for want of a definite no.
    pub(super) open: Option<i64>,
}

/// What is known of the end of a hand-over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// A provider may have the mail.
    Nothing,
    Taken,
    NotTaken,
}

impl Known {
    fn of(outcome: Option<&str>) -> Self {
        match outcome {
            None | Some("unknown") => Self::Nothing,
            Some("accepted") => Self::Taken,
            Some(_) => Self::NotTaken,
        }
    }
}

/// What a caller can see of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    state: State,
    next_attempt_at: Option<UnixTime>,
    ended_at: Option<UnixTime>,
    possible_duplicate: bool,
    has_recipients: bool,
    hand_overs: Vec<Known>,
}

impl Seen {
    pub(super) fn of(status: &Status) -> Self {
        Self {
            state: status.ticket.state,
            next_attempt_at: status.next_attempt_at,
            ended_at: status.ended_at,
            possible_duplicate: status.ticket.possible_duplicate,
            has_recipients: status.recipients.is_some(),
            hand_overs: status.attempts.iter().map(|tried| Known::of(tried.outcome.as_deref())).collect(),
        }
    }
}

impl Seen {
    /// What has ended stays as it ended, until nothing is known of it any more.
    pub(super) fn may_become(&self, after: Option<&Self>) -> bool {
        let is_same = |after: &Self| (after.state, after.ended_at) == (self.state, self.ended_at);
        !self.state.is_final() || after.is_none_or(is_same)
    }
}

impl Row {
    pub(super) fn new(number: u128, due: UnixTime, expires_at: UnixTime) -> Self {
        Self {
            number,
            state: State::Queued,
            due,
            send_at: due,
            expires_at,
            fence: 0,
            owner: None,
            upstream: None,
            replay_until: None,
            replayed: false,
            possible_duplicate: false,
            erased: false,
            has_content: true,
            losses: 0,
            hand_overs: Vec::new(),
            marked_at: due,
            settled_at: None,
            open: None,
        }
    }

    fn seen(&self) -> Seen {
        Seen {
            state: self.state,
            next_attempt_at: (self.state == State::Queued).then_some(self.due),
            ended_at: self.settled_at.filter(|_| self.state.is_final()),
            possible_duplicate: self.possible_duplicate,
            has_recipients: !self.erased,
            hand_overs: self.hand_overs.iter().map(|(_, _, known)| *known).collect(),
        }
    }
}

impl Rows {
    pub(super) fn new(now: UnixTime) -> Self {
        Self { now, paused: false, nodes: BTreeMap::new(), rows: Vec::new(), accepted: 0, holds: Vec::new() }
    }

    /// The numbers of all rows that ever were.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u128> + use<> {
        1..=self.accepted
    }

    /// What a caller can see of this one; none once it was dropped.
    pub(super) fn seen(&self, number: u128) -> Option<Seen> {
        self.rows.iter().find(|row| row.number == number).map(Row::seen)
    }

    /// What operators see.
    pub(super) fn counts(&self) -> Vec<Count> {
        let mut counts: BTreeMap<(usize, Option<&str>), Count> = BTreeMap::new();
        for row in &self.rows {
            let upstream = row.upstream.filter(|_| !row.state.waits());
            let count = counts.entry((row.state as usize, upstream)).or_insert_with(|| Count {
                state: row.state,
                route_set: row.state.waits().then(set),
                upstream: upstream.map(str::to_owned),
                rows: 0,
                bytes: 0,
                oldest: (!row.state.is_final()).then_some(row.send_at),
            });
            count.rows += 1;
            count.bytes += if row.has_content { 100 } else { 0 };
            count.oldest = count.oldest.map(|oldest| oldest.min(row.send_at));
        }
        counts.into_values().collect()
    }

    pub(super) fn row(&mut self, number: u128) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.number == number)
    }

    /// The hold in this place of the list, wherever that ends.
    pub(super) fn hold(&self, place: usize) -> Option<(u128, Hold)> {
        self.holds.get(place % self.holds.len().max(1)).copied()
    }

    /// One of the rows there ever were.
    pub(super) fn number(&self, place: usize) -> u128 {
        place as u128 % self.accepted.max(1) + 1
    }

    pub(super) fn lives(&self, node: NodeId) -> bool {
        let seen = self.nodes.get(&node.0.as_u128());
        seen.is_some_and(|seen| *seen > self.now.before(Duration::from_secs(30)))
    }
}
