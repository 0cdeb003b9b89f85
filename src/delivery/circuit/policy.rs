//! What one more answer makes of the word: pure functions, no memory of their own.
//!
//! A success never opens a circuit and a failure never closes one; a neutral answer to real mail changes nothing. Any
//! of the policies may open: failures in a row, the share of failures, the share of slow answers, an account that is
//! refused, a provider that throttles.
//!
//! Fewer failures in a row open a circuit early: where another provider is ready, or while it is ramped. Among many mails
//! two in a row fail by chance every few seconds; so failures must also be a fifth of what the window holds.

use super::settings::{Rates, Settings};
use super::transition::{CallResult, TransitionReason};
use super::window::{Answers, Counts};
use super::word::{FIRST_SHARE, FULL, State, Word};
use crate::model::outcome::Blame;

/// Failures in a row that open a circuit early while it is ramped.
const STREAK_ON_RAMP: u16 = 2;
/// Failures in a row open a circuit early if one answer in so many is a failure.
const ONE_IN: u32 = 5;

/// A next word, and why, if it is another generation.
pub(super) type Step = (Word, Option<TransitionReason>);

/// After the answer to a real mail. Only a closed circuit listens: under an override mail flows through others too.
pub(super) fn after_mail(word: Word, result: CallResult, settings: &Settings) -> Step {
    match result.blame {
        _ if word.state() != State::Closed => (word, None),
        Blame::Neutral => (word, None),
        Blame::Success => (word.without_failures(), None),
        Blame::Failure if word.streak() + 1 >= settings.consecutive_failures => {
            open(word, TransitionReason::ConsecutiveFailures)
        }
        Blame::Failure => (word.with_failure(result.is_repeat), None),
        Blame::Account => open(word, TransitionReason::AccountRefused),
        Blame::Throttled => hold(word, settings),
    }
}

/// After a look at the answers to a closed circuit. `has_alternative`: another provider is ready.
pub(super) fn after_answers(word: Word, answers: Answers, has_alternative: bool, rates: &Rates) -> Step {
    let Answers { window, newest } = answers;
    if word.state() != State::Closed {
        (word, None)
    } else if let Some(reason) = in_a_row(word, window, has_alternative, rates).or_else(|| by_share(newest, rates)) {
        open(word, reason)
    } else {
        (word, None)
    }
}

fn in_a_row(word: Word, window: Counts, has_alternative: bool, rates: &Rates) -> Option<TransitionReason> {
    if window.failed == 0 || window.failed.saturating_mul(ONE_IN) < window.total() {
        None
    } else if word.ramp() != FULL && word.streak() >= STREAK_ON_RAMP {
        Some(TransitionReason::ConsecutiveFailures)
    } else {
        let is_early = has_alternative && rates.early_failures.is_some_and(|mails| word.mails() >= mails);
        is_early.then_some(TransitionReason::EarlyFailures)
    }
}

fn by_share(newest: Counts, rates: &Rates) -> Option<TransitionReason> {
    let total = newest.total();
    let share = |part: u32| f64::from(part) / f64::from(total.max(1));
    if total < rates.min_calls {
        None
    } else if share(newest.failed) >= rates.failure_rate {
        Some(TransitionReason::FailureRate)
    } else {
        rates.slow_rate.filter(|&rate| share(newest.slow) >= rate).map(|_| TransitionReason::SlowCalls)
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
