//! A row: its number, its state, who holds it, and what it waits behind.

use std::sync::Arc;

use uuid::Uuid;

/// One process: new at every start, so that what an earlier one held is known to be of the dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeId(pub Uuid);

/// A row's number in its store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub i64);

/// Counts the claims and replays of one row: a node that holds an older number has lost the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(pub i64);

impl Fence {
    /// Is it that of a first claim? The fences of an epoch begin anew above those of the epochs before, whose number is in
    /// the upper half.
    pub fn is_first(self) -> bool {
        self.0 & i64::from(u32::MAX) == 1
    }
}

/// The right to work on a row, until another claim of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hold {
    /// The row.
    pub row: RowId,
    /// Which claim of it.
    pub fence: Fence,
    /// By which node.
    pub node: NodeId,
}

/// Where a submission is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Waits until it is due, and then for an upstream.
    Queued,
    /// A node has it in hand; nothing of it is on the wire.
    Claimed,
    /// A node is handing it over to an upstream, or was when it died.
    Sending,
    /// A provider may have it.
    Unknown,
    /// It was lost three times, with its node or because it cannot be opened, and no provider has it; or it waited in an older
    /// copy of the store, and may have been sent since that was made. A person has to look.
    Parked,
    /// A provider took it.
    Accepted,
    /// No provider takes it.
    Refused,
    /// No provider has it, and its time is over.
    Expired,
    /// No provider has it, and its caller does not want it sent any more.
    Cancelled,
}

impl State {
    /// Every state, for tables. A store keeps the place in this list, so it only grows at the end.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Claimed,
        Self::Sending,
        Self::Unknown,
        Self::Parked,
        Self::Accepted,
        Self::Refused,
        Self::Expired,
        Self::Cancelled,
    ];

    /// Does no upstream have it, so that it goes where its set says?
    pub fn waits(self) -> bool {
        matches!(self, Self::Queued | Self::Claimed | Self::Parked)
    }

    /// Will it stay so?
    pub fn is_final(self) -> bool {
        matches!(self, Self::Accepted | Self::Refused | Self::Expired | Self::Cancelled)
    }

    /// The word for answers, metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Claimed => "claimed",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Parked => "parked",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What a caller asks for: which rows are claimed first when there are more than can be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Before the others.
    High,
    /// Where nothing is said.
    #[default]
    Normal,
    /// Behind the others, but never left alone.
    Low,
}

impl Lane {
    /// Every lane, the first one first. A store keeps the place in this list.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];
}

/// The upstreams that a submission may go to, by name: what rules, sender map and its size leave of all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteSet(Arc<str>);

impl RouteSet {
    /// The set of these names, whatever their order; a name has no comma.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        Self(names.join(",").into())
    }

    /// Its names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split(',').filter(|name| !name.is_empty())
    }

    /// The names with a comma between them.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which rules a [`RouteSet`] was made by: a number that differs where they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RulesVersion(pub i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_its_names_in_one_order_and_none_twice() {
        let set = RouteSet::new(["ses", "mg", "ses"]);
        assert_eq!((set.as_str(), set.names().collect::<Vec<_>>()), ("mg,ses", vec!["mg", "ses"]));
        assert_eq!(set, RouteSet::new(["mg", "ses"]));
        assert_eq!(RouteSet::new([]).names().count(), 0);
    }
}
