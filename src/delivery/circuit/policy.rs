//! What one more answer makes of the word: pure functions, no memory of their own.
//!
//! A success never opens a circuit and a failure never closes one; a neutral answer to real mail changes nothing. Any
//! of the policies may open: failures in a row, the share of failures, the share of slow answers, an account that is
//! refused, a provider that throttles.

use super::settings::{Rates, Settings};
use super::transition::TransitionReason;
use super::window::Counts;
use super::word::{FIRST_SHARE, FULL, State, Word};
use crate::model::outcome::Blame;

/// Failures in a row that open a circuit while it is ramped.
const MAX_STREAK_ON_RAMP: u16 = 2;

/// A next word, and why, if it is another generation.
pub(super) type Step = (Word, Option<TransitionReason>);

/// After the answer to a real mail. Only a closed circuit listens: under an override mail flows through others too.
pub(super) fn after_mail(word: Word, blame: Blame, settings: &Settings) -> Step {
    match blame {
        _ if word.state() != State::Closed => (word, None),
        Blame::Neutral => (word, None),
        Blame::Success => (word.with_streak(0), None),
        Blame::Failure if word.streak() + 1 >= streak_limit(word, settings) => {
            open(word, TransitionReason::ConsecutiveFailures)
        }
        Blame::Failure => (word.with_streak(word.streak() + 1), None),
        Blame::Account => open(word, TransitionReason::AccountRefused),
        Blame::Throttled => hold(word, settings),
    }
}

fn streak_limit(word: Word, settings: &Settings) -> u16 {
    if word.ramp() == FULL {
        settings.consecutive_failures
    } else {
        settings.consecutive_failures.min(MAX_STREAK_ON_RAMP)
    }
}

/// After a look at the window of a closed circuit.
pub(super) fn after_counts(word: Word, counts: Counts, rates: &Rates) -> Step {
    let total = counts.total();
    let share = |part: u32| f64::from(part) / f64::from(total.max(1));
    if word.state() != State::Closed || total < rates.min_calls {
        (word, None)
    } else if share(counts.failed) >= rates.failure_rate {
        open(word, TransitionReason::FailureRate)
    } else if rates.slow_rate.is_some_and(|rate| share(counts.slow) >= rate) {
        open(word, TransitionReason::SlowCalls)
    } else {
        (word, None)
    }
}

/// After the answer to a probe. Neutral: the probe was never judged.
pub(super) fn after_probe(word: Word, blame: Blame, settings: &Settings) -> Step {
    match blame {
        _ if word.state() != State::HalfOpen => (word, None),
        Blame::Success if word.streak() + 1 >= settings.probes_to_close => {
            (close(word, settings), Some(TransitionReason::ProbesTaken))
        }
        Blame::Success => (word.with_streak(word.streak() + 1), None),
        Blame::Failure => open(word, TransitionReason::ProbeFailed),
        Blame::Account => open(word, TransitionReason::AccountRefused),
        Blame::Throttled => hold(word, settings),
        Blame::Neutral => (back(word, settings), Some(TransitionReason::ProbeLost)),
    }
}

/// Opens after an outage: one trip more, and a ramp when it closes.
fn open(word: Word, reason: TransitionReason) -> Step {
    (word.into_state(State::Open).with_trips(word.trips() + 1).with_ramp(0), Some(reason))
}

/// Opens for as long as the provider asks, without a trip. A healthy circuit needs one probe and no ramp
/// afterwards; one that was recovering from an outage goes on recovering.
fn hold(word: Word, settings: &Settings) -> Step {
    let open = if word.ramp() == FULL { word } else { word.with_ramp(0) };
    (back(open, settings), Some(TransitionReason::Throttled))
}

/// Open again as it was before this recovery.
fn back(word: Word, settings: &Settings) -> Word {
    let precredited_probes = if word.ramp() == FULL { settings.precredited_probes() } else { 0 };
    word.into_state(State::Open).with_streak(precredited_probes)
}

fn close(word: Word, settings: &Settings) -> Word {
    let share = if word.ramp() == FULL || !settings.ramps { FULL } else { FIRST_SHARE };
    word.into_state(State::Closed).with_ramp(share)
}
