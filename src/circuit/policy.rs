//! What one more answer makes of the word: pure functions, no memory of their own.
//!
//! A success never opens a circuit and a failure never closes one; a neutral answer to real mail changes nothing.

use super::Settings;
use super::word::{State, Word};
use crate::outcome::Blame;

/// After the answer to a real mail of this (closed) generation.
pub(super) fn after_mail(word: Word, blame: Blame, settings: Settings) -> Word {
    match blame {
        Blame::Neutral => word,
        Blame::Success if word.trips() > 0 => word.with_streak(0).with_proof(),
        Blame::Success => word.with_streak(0),
        Blame::Failure if word.streak() + 1 >= settings.consecutive_failures => word.tripped().into_state(State::Open),
        Blame::Failure => word.with_streak(word.streak() + 1),
    }
}

/// After the answer to a dummy of this (half open) generation. A neutral one is a dummy that was never judged.
pub(super) fn after_probe(word: Word, blame: Blame, settings: Settings) -> Word {
    match blame {
        Blame::Neutral => word.into_state(State::Open),
        Blame::Failure => word.tripped().into_state(State::Open),
        Blame::Success if word.streak() + 1 >= settings.probes_to_close => word.into_state(State::Closed),
        Blame::Success => word.with_streak(word.streak() + 1),
    }
}
