//! Why a mail was not handed to an upstream: by its plan, or because the attempt ended before the hand-over.
//!
//! One list for the receipt and for the metric.

use super::left_out::LeftOut;
use super::outcome::{Outcome, Reason, Verdict};

/// Why a mail was not handed to an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// Its plan leaves the upstream out, or the circuit let it not pass after all.
    LeftOut(LeftOut),
    /// As many mails as may be are in flight there.
    Busy,
    /// Too little time was left for an attempt.
    Deadline,
}

impl SkipReason {
    /// Those that are counted, one for each word. A rule is not among them: it keeps mail away by intent, so its count would
    /// hide the others. `smsp_routed_total` counts mails by their rule.
    pub const COUNTED: [Self; 7] = [
        Self::LeftOut(LeftOut::Circuit),
        Self::LeftOut(LeftOut::NotCapable(Reason::Size)),
        Self::LeftOut(LeftOut::SenderNotAllowed),
        Self::LeftOut(LeftOut::SenderHeld),
        Self::LeftOut(LeftOut::RateSpent),
        Self::Busy,
        Self::Deadline,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeftOut(reason) => reason.as_str(),
            Self::Busy => "busy",
            Self::Deadline => "deadline",
        }
    }

    /// What the receipt says of the upstream; `None`: it does not speak of it.
    pub fn verdict(self) -> Option<Verdict> {
        match self {
            Self::LeftOut(reason) => reason.verdict(),
            Self::Busy => Some(Verdict::new(Outcome::Throttled, Reason::Busy)),
            Self::Deadline => Some(Verdict::new(Outcome::Cancelled, Reason::Deadline)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reason after this one: without an arm of its own, a new reason does not compile.
    fn next(reason: SkipReason) -> Option<SkipReason> {
        let next = match reason {
            SkipReason::LeftOut(LeftOut::Circuit) => SkipReason::LeftOut(LeftOut::NotCapable(Reason::Size)),
            SkipReason::LeftOut(LeftOut::NotCapable(_)) => SkipReason::LeftOut(LeftOut::SenderNotAllowed),
            SkipReason::LeftOut(LeftOut::SenderNotAllowed) => SkipReason::LeftOut(LeftOut::Rule),
            SkipReason::LeftOut(LeftOut::Rule) => SkipReason::LeftOut(LeftOut::SenderHeld),
            SkipReason::LeftOut(LeftOut::SenderHeld) => SkipReason::LeftOut(LeftOut::RateSpent),
            SkipReason::LeftOut(LeftOut::RateSpent) => SkipReason::Busy,
            SkipReason::Busy => SkipReason::Deadline,
            SkipReason::Deadline => return None,
        };
        Some(next)
    }

    fn all() -> impl Iterator<Item = SkipReason> {
        std::iter::successors(Some(SkipReason::LeftOut(LeftOut::Circuit)), |reason| next(*reason))
    }

    #[test]
    fn documents_have_the_word_of_every_reason() {
        let words: Vec<_> = all().map(SkipReason::as_str).collect();
        assert_eq!(words, [&LeftOut::WORDS[..], &["busy", "deadline"]].concat());
    }

    #[test]
    fn every_reason_but_a_rule_is_counted() {
        let but_rules: Vec<_> = all().filter(|reason| *reason != SkipReason::LeftOut(LeftOut::Rule)).collect();
        assert_eq!(SkipReason::COUNTED, but_rules[..]);
    }
}
