//! How many mails the pump has in flight at one upstream: as many as it has shown to take.
//!
//! Until the first failure the window grows by one for each mail that went well, so it doubles with each round; after that by
//! one for each whole window of them. A failure halves it, and so does a provider that throttles: slow start and congestion
//! avoidance, as TCP has them (RFC 5681 3.1). Mails that were under way when it was halved halve it no more: one outage is one failure, however many mails it meets.
//! One atomic word, because the hand-overs of many tasks change it. Deliberately absent: circuits. A window never closes.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::outcome::Blame;

/// The size for an upstream of which nothing is known yet.
const START: u16 = 4;

/// One value of the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    size: u16,
    taken: u16,
    /// Mails that went well since it last changed.
    well: u16,
    /// Counts the times that it was halved.
    epoch: u16,
}

impl Window {
    const NEW: Self = Self { size: START, taken: 0, well: 0, epoch: 0 };

    fn from_word(word: u64) -> Self {
        let part = |at: u32| (word >> at) as u16;
        Self { size: part(0), taken: part(16), well: part(32), epoch: part(48) }
    }

    fn word(self) -> u64 {
        let Self { size, taken, well, epoch } = self;
        [(size, 0), (taken, 16), (well, 32), (epoch, 48)].iter().map(|(part, at)| u64::from(*part) << at).sum()
    }

    /// After the end of a mail that was begun in this epoch.
    fn after(self, blame: Blame, epoch: u16, ceiling: u16) -> Self {
        match blame {
            Blame::Neutral => self,
            Blame::Success if self.epoch > 0 && self.well + 1 < self.size => Self { well: self.well + 1, ..self },
            Blame::Success => Self { size: (self.size + 1).min(ceiling), well: 0, ..self },
            _ if epoch != self.epoch => self,
            Blame::Failure | Blame::Account | Blame::Throttled => {
                // 0 is for a window that was never halved.
                Self { size: (self.size / 2).max(1), well: 0, epoch: self.epoch.checked_add(1).unwrap_or(1), ..self }
            }
        }
    }
}

/// The window of one upstream.
pub(super) struct UpstreamWindow {
    word: AtomicU64,
    ceiling: u16,
}

/// One mail's part of a window, for as long as it is held.
pub(super) struct Place<'a>(&'a UpstreamWindow);

/// How often a window had been halved when a mail took its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Epoch(u16);

impl UpstreamWindow {
    /// Never larger than `ceiling`.
    pub(super) fn new(ceiling: u16) -> Self {
        let window = Window { size: START.min(ceiling), ..Window::NEW };
        Self { word: AtomicU64::new(window.word()), ceiling }
    }

    /// How large it is, and how much of it is taken.
    pub(super) fn look(&self) -> (usize, usize) {
        let Window { size, taken, .. } = Window::from_word(self.word.load(Ordering::Acquire));
        (size.into(), taken.into())
    }

    /// A place, while fewer are taken than `allowed` makes of the size.
    pub(super) fn take(&self, allowed: impl Fn(usize) -> usize) -> Option<(Place<'_>, Epoch)> {
        let before = self.update(|window| {
            let has_room = usize::from(window.taken) < allowed(window.size.into());
            has_room.then_some(Window { taken: window.taken + 1, ..window })
        })?;
        Some((Place(self), Epoch(before.epoch)))
    }

    /// Learns what a mail came to that took its place in this epoch.
    pub(super) fn end(&self, blame: Blame, Epoch(epoch): Epoch) {
        self.update(|window| Some(window.after(blame, epoch, self.ceiling)));
    }

    fn update(&self, next: impl Fn(Window) -> Option<Window>) -> Option<Window> {
        let next = |word| next(Window::from_word(word)).map(Window::word);
        self.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, next).ok().map(Window::from_word)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.update(|window| Some(Window { taken: window.taken.saturating_sub(1), ..window }));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn size(window: &UpstreamWindow) -> usize {
        window.look().0
    }

    fn end(window: &UpstreamWindow, blame: Blame) {
        let (_place, epoch) = window.take(|_| usize::MAX).unwrap();
        window.end(blame, epoch);
    }

    #[test]
    fn window_grows_with_each_mail_until_the_first_failure_and_then_with_each_window_that_went_well() {
        let window = UpstreamWindow::new(8);
        let well = |mails| -> Vec<_> {
            let after = |_| {
                end(&window, Blame::Success);
                size(&window)
            };
            (0..mails).map(after).collect()
        };
        assert_eq!(well(6), [5, 6, 7, 8, 8, 8], "at most the ceiling");
        end(&window, Blame::Failure);
        let sizes = well(4 + 5 + 6 + 7 + 20);
        assert_eq!(sizes[..15], [4, 4, 4, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 7]);
        assert!(sizes[21..].iter().all(|size| *size == 8), "the ceiling: {sizes:?}");
    }

    #[test]
    fn a_window_that_was_halved_very_often_is_none_that_never_was() {
        let often = Window { epoch: u16::MAX, ..Window::NEW }.after(Blame::Failure, u16::MAX, 9);
        assert_eq!(often.after(Blame::Success, often.epoch, 9).size, often.size);
        assert_ne!(often.epoch, 0);
    }

    #[test]
    fn failure_halves_it_once_for_all_that_were_under_way() {
        let window = UpstreamWindow::new(100);
        (0..1000).for_each(|_| end(&window, Blame::Success));
        let before = size(&window);
        let places: Vec<_> = (0..20).map(|_| window.take(|size| size).unwrap()).collect();
        places.iter().for_each(|(_, epoch)| window.end(Blame::Failure, *epoch));
        assert_eq!(size(&window), before / 2);
        drop(places);
        (0..10).for_each(|_| end(&window, Blame::Throttled));
        assert_eq!(window.look(), (1, 0), "one mail at a time goes on");
    }

    #[test]
    fn place_is_taken_until_it_is_dropped() {
        let window = UpstreamWindow::new(100);
        let places: Vec<_> = (0..4).map(|_| window.take(|size| size)).collect();
        assert!(places.iter().all(Option::is_some) && window.take(|size| size).is_none());
        assert!(window.take(|size| size * 2).is_some());
        drop(places);
        assert_eq!(window.look(), (4, 0));
    }

    fn blames() -> impl Strategy<Value = Vec<Blame>> {
        use Blame::*;
        prop::collection::vec(prop::sample::select(vec![Success, Failure, Account, Throttled, Neutral]), 0..400)
    }

    proptest! {
        #[test]
        fn window_has_always_a_place_for_one_and_never_more_than_its_ceiling(blames in blames(), ceiling in 1..50_u16) {
            let window = UpstreamWindow::new(ceiling);
            for blame in blames {
                let before = size(&window);
                end(&window, blame);
                prop_assert!((1..=usize::from(ceiling)).contains(&size(&window)));
                prop_assert!(size(&window) <= before + 1 && (blame != Blame::Neutral || size(&window) == before));
            }
            prop_assert_eq!(window.look().1, 0);
        }

        #[test]
        fn word_keeps_every_part(size: u16, taken: u16, well: u16, epoch: u16) {
            let window = Window { size, taken, well, epoch };
            prop_assert_eq!(Window::from_word(window.word()), window);
        }
    }
}
