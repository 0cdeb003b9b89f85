//! What a claim of a part came to, for each recipient.

use std::time::Duration;

use crate::model::outcome::Outcome;

/// What a claim of a part came to.
#[derive(Clone, Debug)]
pub enum PartEnded {
    /// What is known of each recipient. One that is not told of may have the mail where it was marked, else it waits.
    Told {
        /// One for each recipient.
        verdicts: Vec<PartVerdict>,
        /// How long those wait that are tried again.
        wait: Duration,
        /// Does it count as an attempt for them?
        counted: bool,
        /// From the mark to the verdict; none: there was no hand-over, because its verdict was known before.
        took: Option<Duration>,
    },
    /// It was never handed over, through a fault of ours: it waits in the queue again, and is parked at the third loss.
    Lost {
        /// How long.
        wait: Duration,
    },
}

/// Where a recipient has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartTo {
    /// Its server may have the mail.
    Unknown,
    /// Nobody has it: it is tried again.
    Again,
    /// Its server took it.
    Accepted,
    /// Nobody has it, and it is not tried again.
    Refused,
}

impl PartTo {
    /// How bad that is, the worst last: taken, tried again, refused, in doubt.
    fn badness(self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::Again => 1,
            Self::Refused => 2,
            Self::Unknown => 3,
        }
    }
}

/// The first of these recipients for which it went worst.
pub(in crate::state::outbox) fn worst(verdicts: &[PartVerdict]) -> Option<&PartVerdict> {
    verdicts.iter().rev().max_by_key(|verdict| verdict.to.badness())
}

/// What became of one recipient; holds no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartVerdict {
    /// Its place in the order To, Cc, Bcc.
    pub place: u32,
    /// Where that brings it.
    pub to: PartTo,
    /// What the hand-over came to for it.
    pub outcome: Outcome,
    /// Why, in words of ours.
    pub reason: String,
    /// The server's own code.
    pub code: Option<String>,
    /// The name of the server that said so.
    pub host: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_went_worst_for_who_is_in_doubt_then_for_who_is_refused_then_for_who_has_to_wait() {
        let verdict = |place, to| PartVerdict {
            place,
            to,
            outcome: Outcome::Deferred,
            reason: String::new(),
            code: None,
            host: None,
        };
        let order = [PartTo::Accepted, PartTo::Again, PartTo::Refused, PartTo::Unknown];
        for most in 1..=order.len() {
            let place = |at: usize| u32::try_from(at).unwrap();
            let mut verdicts: Vec<_> = (0..most).map(|at| verdict(place(at), order[at])).collect();
            verdicts.push(verdict(9, order[most - 1]));
            assert_eq!(worst(&verdicts).map(|worst| worst.place), Some(place(most - 1)), "{verdicts:?}");
            verdicts.reverse();
            assert_eq!(worst(&verdicts).map(|worst| worst.to), Some(order[most - 1]));
        }
        assert_eq!(worst(&[]), None);
    }
}
