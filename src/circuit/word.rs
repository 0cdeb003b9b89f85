//! The packed atomic that a circuit is: state 2 bits | proven 1 | trips 5 | streak 12 | generation 44.
//!
//! The streak counts failures in a row while `Closed` and successful dummies in a row while `HalfOpen`. `proven` says
//! that real mail went through since the circuit closed. At a thousand transitions a second the generation wraps
//! after 557 years.

use std::sync::atomic::{AtomicU64, Ordering};

const STATE: u64 = 0b11;
const PROVEN: u64 = 1 << 2;
const TRIPS_SHIFT: u32 = 3;
const TRIPS: u64 = 0b1_1111 << TRIPS_SHIFT;
const STREAK_SHIFT: u32 = 8;
const STREAK: u64 = 0xfff << STREAK_SHIFT;
const GENERATION_SHIFT: u32 = 20;

/// The longest streak that 12 bits can count.
pub(super) const MAX_STREAK: u16 = 0xfff;
const MAX_TRIPS: u8 = 0b1_1111;

/// An electrical circuit: closed is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum State {
    /// Mail flows.
    Closed = 0,
    /// Nothing does.
    Open = 1,
    /// Dummies only.
    HalfOpen = 2,
}

impl State {
    /// Every state, for tables.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    /// The word for metrics, logs and documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// One value of the atomic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(u64);

impl Word {
    /// A new circuit.
    pub(super) const CLOSED: Self = Self(State::Closed as u64);

    pub(super) fn state(self) -> State {
        match self.0 & STATE {
            0 => State::Closed,
            1 => State::Open,
            _ => State::HalfOpen,
        }
    }

    pub(super) fn proven(self) -> bool {
        self.0 & PROVEN != 0
    }

    pub(super) fn trips(self) -> u8 {
        ((self.0 & TRIPS) >> TRIPS_SHIFT) as u8
    }

    pub(super) fn streak(self) -> u16 {
        ((self.0 & STREAK) >> STREAK_SHIFT) as u16
    }

    pub(super) fn generation(self) -> u64 {
        self.0 >> GENERATION_SHIFT
    }

    /// Another state: the next generation, no streak, nothing proven.
    pub(super) fn into_state(self, state: State) -> Self {
        let next_generation = (self.0 >> GENERATION_SHIFT).wrapping_add(1) << GENERATION_SHIFT;
        Self(next_generation | (self.0 & TRIPS) | state as u64)
    }

    /// One trip more; saturates.
    pub(super) fn tripped(self) -> Self {
        self.with_trips((self.trips() + 1).min(MAX_TRIPS))
    }

    /// One trip less, and the next one to be earned anew, if this word is closed and proven; else itself.
    pub(super) fn forgiven(self) -> Self {
        if self.state() != State::Closed || !self.proven() {
            return self;
        }
        Self(self.with_trips(self.trips().saturating_sub(1)).0 & !PROVEN)
    }

    /// Real mail went through.
    pub(super) fn with_proof(self) -> Self {
        Self(self.0 | PROVEN)
    }

    pub(super) fn with_streak(self, streak: u16) -> Self {
        Self((self.0 & !STREAK) | (u64::from(streak.min(MAX_STREAK)) << STREAK_SHIFT))
    }

    fn with_trips(self, trips: u8) -> Self {
        Self((self.0 & !TRIPS) | (u64::from(trips) << TRIPS_SHIFT))
    }
}

/// The word, alone on its cache line: neighbours must not slow each other down.
#[repr(align(64))]
pub(super) struct AtomicWord(AtomicU64);

impl AtomicWord {
    pub(super) fn new(word: Word) -> Self {
        Self(AtomicU64::new(word.0))
    }

    pub(super) fn load(&self) -> Word {
        Word(self.0.load(Ordering::Acquire))
    }

    /// Replaces the word by what `next` makes of it, atomically; `None` leaves it. Returns it before and after.
    pub(super) fn update(&self, mut next: impl FnMut(Word) -> Option<Word>) -> Option<(Word, Word)> {
        let mut after = None;
        let before = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |bits| {
            after = next(Word(bits));
            after.map(|word| word.0)
        });
        Some((Word(before.ok()?), after?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_change_of_one_field_leaves_the_others(bits in any::<u64>().prop_map(|b| if b & STATE == STATE { b - 1 } else { b }), streak in 0..=MAX_STREAK) {
            let word = Word(bits);
            let other = word.with_streak(streak);
            prop_assert_eq!(other.streak(), streak);
            prop_assert_eq!(other.with_streak(word.streak()), word);

            let tripped = word.tripped();
            prop_assert_eq!(tripped.trips(), (word.trips() + 1).min(MAX_TRIPS));
            prop_assert_eq!(tripped.with_trips(word.trips()), word);

            for state in State::ALL {
                let moved = word.into_state(state);
                prop_assert_eq!(moved.state(), state);
                prop_assert_eq!(moved.generation(), (word.generation() + 1) & (u64::MAX >> GENERATION_SHIFT));
                prop_assert_eq!((moved.streak(), moved.proven(), moved.trips()), (0, false, word.trips()));
            }
        }
    }

    #[test]
    fn only_a_proven_closed_word_is_forgiven_and_must_prove_itself_again() {
        let once = Word::CLOSED.tripped().tripped();
        assert_eq!(once.forgiven(), once);
        assert_eq!(once.with_proof().forgiven(), Word::CLOSED.tripped());
        let open = once.into_state(State::Open).with_proof();
        assert_eq!(open.forgiven(), open);
    }
}
