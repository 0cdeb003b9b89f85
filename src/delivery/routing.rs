//! Which upstreams a mail is offered to, and in which order. Pure: all that a strategy may look at is passed in.
//!
//! A strategy is a file here, a variant of [`Strategy`] and an arm of [`order`]. It ranks the upstreams that take this
//! mail; what holds for every strategy stands in [`order`]. Deliberately absent: circuits, clocks and names. An upstream is
//! its index.

mod candidate;
mod priority;
mod round_robin;

pub use candidate::{ALL_MAIL, Candidate};
pub use round_robin::Turn;

/// Which upstream comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// The first in the operator's list that takes mail.
    Priority,
    /// Each in its turn.
    RoundRobin,
}

/// The upstreams to try, by index, the first to try first.
///
/// `draw` (1 to [`ALL_MAIL`]) places the mail in or out of the share of a ramped circuit. A ramped upstream whose share
/// this mail is not in comes last: it gets the mail only if no other takes it.
pub fn order(strategy: Strategy, turn: Turn, draw: u8, candidates: &[Candidate]) -> Vec<usize> {
    let mut order = match strategy {
        Strategy::Priority => priority::order(candidates, draw),
        Strategy::RoundRobin => round_robin::order(candidates, draw, turn),
    };
    order.extend(candidate::out_of_share(candidates, draw));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAW: u8 = 64;
    const ALL: u8 = ALL_MAIL;
    const NONE: u8 = 0;
    /// Shares that this mail is just in, and just out of.
    const IN: u8 = 64;
    const OUT: u8 = 63;

    fn ranked(strategy: Strategy, turn: Turn, shares: &[u8]) -> Vec<usize> {
        let candidates: Vec<_> = shares.iter().map(|&share| Candidate { share }).collect();
        order(strategy, turn, DRAW, &candidates)
    }

    #[test]
    fn priority_keeps_the_operators_order_and_puts_ramped_upstreams_last() {
        for (shares, expected) in [
            (&[ALL, ALL, ALL][..], &[0, 1, 2][..]),
            (&[NONE, ALL, NONE, ALL], &[1, 3]),
            (&[OUT, ALL, NONE, ALL], &[1, 3, 0]),
            (&[IN, ALL, OUT, ALL], &[0, 1, 3, 2]),
            (&[NONE, OUT], &[1]),
            (&[NONE, NONE], &[]),
        ] {
            for turn in [Turn::Next(1), Turn::Fixed(1)] {
                assert_eq!(ranked(Strategy::Priority, turn, shares), expected, "{shares:?}");
            }
        }
    }

    #[test]
    fn round_robin_shares_turns_among_upstreams_that_take_mail() {
        for (shares, turns) in [
            (&[ALL, ALL, ALL][..], &[&[0, 1, 2][..], &[1, 2, 0], &[2, 0, 1], &[0, 1, 2]][..]),
            (&[ALL, NONE, OUT, IN], &[&[0, 3, 2], &[3, 0, 2], &[0, 3, 2]]),
            (&[NONE, OUT], &[&[1], &[1]]),
            (&[NONE], &[&[]]),
        ] {
            for (number, expected) in turns.iter().enumerate() {
                let ranked = ranked(Strategy::RoundRobin, Turn::Next(number), shares);
                assert_eq!(ranked, *expected, "{shares:?}");
            }
        }
    }

    #[test]
    fn round_robin_keeps_a_key_at_its_upstream_while_that_takes_mail() {
        for (number, all, without_the_second) in
            [(3, [0, 1, 2], [0, 2]), (4, [1, 2, 0], [2, 0]), (5, [2, 0, 1], [2, 0])]
        {
            let turn = Turn::Fixed(number);
            assert_eq!(ranked(Strategy::RoundRobin, turn, &[ALL, ALL, ALL]), all);
            assert_eq!(ranked(Strategy::RoundRobin, turn, &[ALL, NONE, ALL]), without_the_second);
        }
    }

    #[test]
    fn a_ramped_upstream_takes_exactly_its_share_of_draws() {
        let ramped = Candidate { share: 13 };
        let first = |draw| order(Strategy::Priority, Turn::Next(0), draw, &[ramped, Candidate { share: ALL }])[0];
        assert_eq!((1..=ALL_MAIL).filter(|draw| first(*draw) == 0).count(), 13);
    }
}
