//! The windows of all upstreams, by name.

use std::sync::Arc;

use super::window::{Epoch, Place, UpstreamWindow};
use crate::delivery::dispatch::{Room, Target};
use crate::model::outcome::Blame;

/// One for each upstream of this node.
pub(super) struct Windows(Vec<(Arc<str>, UpstreamWindow)>);

/// What a way to some upstreams has for mails now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Free {
    /// Mails that may be in flight there in all.
    pub(super) windows: usize,
    /// Mails that may be handed over now.
    pub(super) places: usize,
}

impl Windows {
    /// None of them larger than `ceiling`.
    pub(super) fn new(upstreams: impl IntoIterator<Item = Arc<str>>, ceiling: u16) -> Self {
        Self(upstreams.into_iter().map(|name| (name, UpstreamWindow::new(ceiling))).collect())
    }

    /// A place at this upstream, if its window and the share of its circuit leave one.
    pub(super) fn take(&self, target: Target<'_>) -> Option<(Place<'_>, Epoch)> {
        self.of(target.name())?.take(|size| Room::ramped(target.share(), size))
    }

    /// Tells the window of this upstream what a mail came to.
    pub(super) fn end(&self, upstream: &str, blame: Blame, epoch: Epoch) {
        self.of(upstream).into_iter().for_each(|window| window.end(blame, epoch));
    }

    /// What these upstreams have, as far as there is room at them.
    pub(super) fn free<'a>(&self, upstreams: impl Iterator<Item = &'a str>, rooms: &[Room]) -> Free {
        let room = |name: &str| rooms.iter().find(|room| *room.upstream == *name);
        upstreams.filter_map(room).fold(Free::default(), |free, room| {
            let (size, taken) = self.of(&room.upstream).map(UpstreamWindow::look).unwrap_or_default();
            let allowed = Room::ramped(room.share, size);
            let places = allowed.saturating_sub(taken).min(room.free);
            Free { windows: free.windows + allowed, places: free.places + places }
        })
    }

    fn of(&self, upstream: &str) -> Option<&UpstreamWindow> {
        self.0.iter().find(|(name, _)| **name == *upstream).map(|(_, window)| window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(upstream: &str, free: usize, share: u8) -> Room {
        Room { upstream: upstream.into(), free, share, takes_once: false }
    }

    #[test]
    fn windows_shares_and_room_of_the_upstreams_bound_what_is_free() {
        let windows = Windows::new(["mg", "sg"].map(Into::into), 100);
        let free = |names: &[&str], rooms: &[Room]| {
            let Free { windows, places } = windows.free(names.iter().copied(), rooms);
            (windows, places)
        };
        let (all, tenth, narrow) = (room("mg", 100, 127), room("sg", 100, 13), room("mg", 3, 127));
        assert_eq!(free(&["mg", "sg"], &[]), (0, 0), "none is usable");
        assert_eq!(free(&["mg", "sg"], &[all.clone(), tenth.clone()]), (5, 5), "a tenth of four is one");
        assert_eq!(free(&["sg"], &[all, tenth]), (1, 1));
        assert_eq!(free(&["mg"], &[narrow]), (4, 3));
        assert_eq!(free(&["gone"], &[room("gone", 9, 127)]), (0, 0), "a set may name what is no longer configured");
    }
}
