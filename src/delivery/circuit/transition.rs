//! What a circuit is told of a call, what that does to it, and why.

use super::word::{Override, State};
use crate::model::outcome::Blame;

/// What became of a mail or a probe.
#[derive(Clone, Copy, Debug)]
pub struct CallResult {
    /// Whom it speaks against.
    pub blame: Blame,
    /// Did the answer take longer than the provider may?
    pub slow: bool,
    /// The time of the answer, in milliseconds.
    pub now: u64,
    /// If this opens the circuit, no probe before this time, in milliseconds.
    pub not_before: u64,
    /// Any number that differs between threads, so that they count without meeting.
    pub thread: usize,
    /// Was this mail asked about before? Then its failure is not that of another mail.
    pub is_repeat: bool,
    /// Is another provider ready for such mail, so that it costs nothing to open this circuit early?
    pub has_alternative: bool,
}

impl CallResult {
    /// A result without a time: it may open the circuit by its streak, but enters no window.
    pub(super) fn undated(blame: Blame) -> Self {
        Self { blame, slow: false, now: u64::MAX, not_before: 0, thread: 0, is_repeat: false, has_alternative: false }
    }
}

/// What the result of a call did to the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a transition that is not published leaves the supervisor asleep"]
pub enum Settled {
    /// Nothing that others could see.
    NoTransition,
    /// The circuit changed its state.
    Changed(Transition),
    /// The result belongs to an older generation and changed nothing.
    Stale,
}

/// Why a circuit changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransitionReason {
    /// Opened: failures in a row.
    ConsecutiveFailures,
    /// Opened: fewer failures in a row, with another provider ready.
    EarlyFailures,
    /// Opened: the share of failures in the window.
    FailureRate,
    /// Opened: the share of slow answers in the window.
    SlowCalls,
    /// Opened: the provider refuses the account.
    AccountRefused,
    /// Opened: the provider asks us to wait.
    Throttled,
    /// Half open: the wait is over.
    ProbeDue,
    /// Open again: a probe failed.
    ProbeFailed,
    /// Open again: a probe was never judged.
    ProbeLost,
    /// Closed: enough probes in a row were taken.
    ProbesTaken,
    /// An operator gave an order.
    Override,
    /// An operator reset it.
    Reset,
}

impl TransitionReason {
    /// Every reason, for documents.
    pub const ALL: [Self; 12] = [
        Self::ConsecutiveFailures,
        Self::EarlyFailures,
        Self::FailureRate,
        Self::SlowCalls,
        Self::AccountRefused,
        Self::Throttled,
        Self::ProbeDue,
        Self::ProbeFailed,
        Self::ProbeLost,
        Self::ProbesTaken,
        Self::Override,
        Self::Reset,
    ];

    /// The word for metrics, logs and documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConsecutiveFailures => "consecutive_failures",
            Self::EarlyFailures => "early_failures",
            Self::FailureRate => "failure_rate",
            Self::SlowCalls => "slow_calls",
            Self::AccountRefused => "account_refused",
            Self::Throttled => "throttled",
            Self::ProbeDue => "probe_due",
            Self::ProbeFailed => "probe_failed",
            Self::ProbeLost => "probe_lost",
            Self::ProbesTaken => "probes_taken",
            Self::Override => "override",
            Self::Reset => "reset",
        }
    }
}

/// A visible change, for its caller to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The state before.
    pub from: State,
    /// The state since.
    pub to: State,
    /// The operator's order since.
    pub overriding: Override,
    /// Counts the changes; this one made it what it is.
    pub generation: u64,
    /// Openings and failed probes since the provider was last seen stable.
    pub trips: u8,
    /// Why.
    pub reason: TransitionReason,
}
