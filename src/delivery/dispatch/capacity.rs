//! What a way in that can wait asks before it takes mail out of its store: who takes mail now, how much, and when not.

use std::sync::Arc;
use std::time::Duration;

use super::Dispatcher;
use super::room::{Changes, Room};
use crate::delivery::upstream::Upstream;

impl Dispatcher {
    /// The names of all upstreams.
    pub fn names(&self) -> impl Iterator<Item = Arc<str>> {
        self.upstreams.iter().map(|upstream| Arc::clone(upstream.name()))
    }

    /// The upstreams that take mail now, with the room that they have for mail that can wait.
    pub fn rooms(&self) -> Vec<Room> {
        let usable = self.upstreams.iter().filter(|upstream| upstream.snapshot().admits());
        usable.map(Room::at).collect()
    }

    /// From now until the first upstream may take mail, as far as is known; nothing, where one takes it now. `None`: an
    /// operator has forced all circuits open.
    pub fn until_usable(&self) -> Option<Duration> {
        let wait = |upstream: &Arc<Upstream>| match upstream.snapshot().admits() && upstream.tokens_left() != Some(0) {
            true => Some(Duration::ZERO),
            false => upstream.until_usable(),
        };
        self.upstreams.iter().filter_map(wait).min()
    }

    /// For how long none of these upstreams has taken mail, because of its circuit or by an order. `None`: one of them takes
    /// mail, or is not known here.
    pub fn unusable_for<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> Option<Duration> {
        let of = |name: &str| {
            let upstream = self.upstreams.iter().find(|upstream| **upstream.name() == *name)?;
            let history = *upstream.history().borrow();
            (!upstream.snapshot().admits()).then(|| history.unusable_for())
        };
        names.try_fold(Duration::MAX, |least, name| of(name).map(|time| time.min(least)))
    }

    /// Tells of transitions from now on.
    pub fn changes(&self) -> Changes {
        Changes(self.upstreams.iter().map(|upstream| upstream.history()).collect())
    }
}
