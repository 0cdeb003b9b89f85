//! The packed atomic that a circuit is: state 2 bits | override 2 | ramp 7 | trips 5 | streak 12 | mails 4 | generation 32.
//!
//! Everything that decides lives in this one word, so no two variables can disagree. The streak counts failures in a
//! row while `Closed` and successful probes in a row while `HalfOpen`; `mails` counts the mails among those failures,
//! where a mail that failed twice is one. The ramp is the share of mail that a circuit takes, 127 being all of it; while
//! the circuit is not closed it says with which share it will close, so that 127 there means *held*: it was only
//! throttled, one probe closes it and nothing is ramped. At a thousand transitions a second the generation wraps after
//! 49 days, and must then meet a permit of that very age to do harm.

use super::sync::{AtomicU64, Ordering};

const OVERRIDE_SHIFT: u32 = 2;
const RAMP_SHIFT: u32 = 4;
const TRIPS_SHIFT: u32 = 11;
const STREAK_SHIFT: u32 = 16;
const MAILS_SHIFT: u32 = 28;
const GENERATION_SHIFT: u32 = 32;

const STATE: u64 = 0b11;
const OVERRIDE: u64 = 0b11 << OVERRIDE_SHIFT;
const RAMP: u64 = 0x7f << RAMP_SHIFT;
const TRIPS: u64 = 0x1f << TRIPS_SHIFT;
const STREAK: u64 = 0xfff << STREAK_SHIFT;
const MAILS: u64 = 0xf << MAILS_SHIFT;

/// What the next generation keeps.
const KEPT: u64 = STATE | OVERRIDE | RAMP | TRIPS;

/// The longest streak that 12 bits can count.
pub(super) const MAX_STREAK: u16 = 0xfff;
/// The most mails that 4 bits can count.
pub(super) const MAX_MAILS: u8 = 0xf;
/// All of the mail.
pub(super) const FULL: u8 = 0x7f;
/// A tenth of the mail, with which a circuit closes after an outage.
pub(super) const FIRST_SHARE: u8 = 13;
const MAX_TRIPS: u8 = 0x1f;

/// An electrical circuit: closed is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Mail flows.
    Closed = 0,
    /// No mail flows.
    Open = 1,
    /// Probes only.
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

/// What an operator has ordered. The state underneath goes on changing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Override {
    /// Nothing: the state decides.
    Auto = 0,
    /// No real mail, whatever the state.
    Open = 1,
    /// All real mail, whatever the state.
    Closed = 2,
}

impl Override {
    /// Every order, for tables.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Open, Self::Closed];

    /// The word for metrics, logs and documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// One value of the atomic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) u64);

impl Word {
    /// A new circuit that trusts its provider.
    pub(super) const CLOSED: Self = Self(RAMP);

    /// A new circuit that lets one probe decide.
    pub(super) fn held(precredited_probes: u16) -> Self {
        Self(RAMP | State::Open as u64).with_streak(precredited_probes)
    }

    /// Closed and without an override: the common case of admission, in one comparison.
    fn is_plain_closed(self) -> bool {
        self.0 & (STATE | OVERRIDE) == 0
    }

    /// Does real mail flow?
    pub(super) fn admits(self) -> bool {
        self.is_plain_closed() || self.overriding() == Override::Closed
    }

    pub(super) fn state(self) -> State {
        match self.0 & STATE {
            0 => State::Closed,
            1 => State::Open,
            _ => State::HalfOpen,
        }
    }

    pub(super) fn overriding(self) -> Override {
        match (self.0 & OVERRIDE) >> OVERRIDE_SHIFT {
            0 => Override::Auto,
            1 => Override::Open,
            _ => Override::Closed,
        }
    }

    pub(super) fn ramp(self) -> u8 {
        ((self.0 & RAMP) >> RAMP_SHIFT) as u8
    }

    pub(super) fn trips(self) -> u8 {
        ((self.0 & TRIPS) >> TRIPS_SHIFT) as u8
    }

    pub(super) fn streak(self) -> u16 {
        ((self.0 & STREAK) >> STREAK_SHIFT) as u16
    }

    /// The mails that failed in a row. Never more than the streak.
    pub(super) fn mails(self) -> u8 {
        ((self.0 & MAILS) >> MAILS_SHIFT) as u8
    }

    pub(super) fn generation(self) -> u64 {
        self.0 >> GENERATION_SHIFT
    }

    /// The next generation, without a streak: every visible change is one.
    pub(super) fn next(self) -> Self {
        let generation = self.generation().wrapping_add(1) << GENERATION_SHIFT;
        Self(generation | (self.0 & KEPT))
    }

    /// The word of the next generation, in another state.
    pub(super) fn into_state(self, state: State) -> Self {
        Self((self.next().0 & !STATE) | state as u64)
    }

    pub(super) fn with_override(self, order: Override) -> Self {
        Self((self.0 & !OVERRIDE) | ((order as u64) << OVERRIDE_SHIFT))
    }

    pub(super) fn with_ramp(self, share: u8) -> Self {
        Self((self.0 & !RAMP) | (u64::from(share.min(FULL)) << RAMP_SHIFT))
    }

    /// At most the highest number that 5 bits hold.
    pub(super) fn with_trips(self, trips: u8) -> Self {
        Self((self.0 & !TRIPS) | (u64::from(trips.min(MAX_TRIPS)) << TRIPS_SHIFT))
    }

    pub(super) fn with_streak(self, streak: u16) -> Self {
        Self((self.0 & !STREAK) | (u64::from(streak.min(MAX_STREAK)) << STREAK_SHIFT))
    }

    /// One failure more; of one mail more, unless it is a repeat.
    pub(super) fn with_failure(self, is_repeat: bool) -> Self {
        let mails = (self.mails() + u8::from(!is_repeat)).min(MAX_MAILS);
        Self((self.0 & !MAILS) | (u64::from(mails) << MAILS_SHIFT)).with_streak(self.streak() + 1)
    }

    pub(super) fn without_failures(self) -> Self {
        Self(self.0 & !(STREAK | MAILS))
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
        let mut before = self.load();
        loop {
            let after = next(before)?;
            match self.0.compare_exchange_weak(before.0, after.0, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some((before, after)),
                Err(now) => before = Word(now),
            }
        }
    }
}

#[cfg(test)]
#[cfg(not(smsp_loom))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any word whose two-bit fields hold one of their three values.
    fn words() -> impl Strategy<Value = Word> {
        any::<u64>().prop_map(|bits| {
            let legal = |mask: u64| if bits & mask == mask { mask } else { 0 };
            Word(bits & !(legal(STATE) & 1) & !(legal(OVERRIDE) & (1 << OVERRIDE_SHIFT)))
        })
    }

    fn fields(word: Word) -> (State, Override, u8, u8, (u16, u8), u64) {
        let streak = (word.streak(), word.mails());
        (word.state(), word.overriding(), word.ramp(), word.trips(), streak, word.generation())
    }

    proptest! {
        #[test]
        fn changing_one_field_keeps_the_others(word in words(), ramp: u8, trips: u8, streak: u16) {
            let (state, order, old_ramp, old_trips, old_streak, generation) = fields(word);
            let (answers, mails) = old_streak;
            prop_assert_eq!(fields(word.with_ramp(ramp)), (state, order, ramp.min(127), old_trips, old_streak, generation));
            prop_assert_eq!(fields(word.with_trips(trips)), (state, order, old_ramp, trips.min(31), old_streak, generation));
            prop_assert_eq!(fields(word.with_streak(streak)), (state, order, old_ramp, old_trips, (streak.min(4095), mails), generation));
            for (is_repeat, more) in [(true, 0), (false, 1)] {
                let failed = ((answers + 1).min(4095), (mails + more).min(15));
                prop_assert_eq!(fields(word.with_failure(is_repeat)), (state, order, old_ramp, old_trips, failed, generation));
            }
            prop_assert_eq!(fields(word.without_failures()), (state, order, old_ramp, old_trips, (0, 0), generation));
            for other in Override::ALL {
                prop_assert_eq!(fields(word.with_override(other)), (state, other, old_ramp, old_trips, old_streak, generation));
            }
            let next_generation = (generation + 1) & (u64::MAX >> GENERATION_SHIFT);
            for other in State::ALL {
                prop_assert_eq!(fields(word.into_state(other)), (other, order, old_ramp, old_trips, (0, 0), next_generation));
            }
        }

        #[test]
        fn mail_flows_through_closed_circuits_and_those_overridden_closed(word in words()) {
            let expected = match word.overriding() {
                Override::Auto => word.state() == State::Closed,
                Override::Open => false,
                Override::Closed => true,
            };
            prop_assert_eq!(word.admits(), expected);
        }
    }
}
