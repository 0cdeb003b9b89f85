//! Which upstreams a mail is offered to, and in which order. Pure: what it needs to know is passed in.

/// Which upstream comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routing {
    /// The one that the operator named first.
    Priority,
    /// Each in its turn.
    RoundRobin,
}

/// Whose turn it is, where turns are taken.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turn {
    /// The next one's.
    Next(usize),
    /// Always the same one's for this number, on every node, as long as it takes mail.
    Of(u64),
}

impl Turn {
    /// The place of the first to try among those that are ready, of so many upstreams.
    fn first(self, ready: &[usize], upstreams: usize) -> usize {
        match self {
            Self::Next(number) => number % ready.len(),
            Self::Of(number) => {
                let wanted = (number % upstreams as u64) as usize;
                ready.iter().position(|&index| index >= wanted).unwrap_or_default()
            }
        }
    }
}

/// How an upstream stands when a mail is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Takes mail.
    Ready,
    /// Takes only a share of it for now, and this mail is not in it.
    Ramped,
    /// Takes none.
    Shut,
}

/// The upstreams to try, by index, the first to try first. One that is ramped comes last: it gets the mail only if no
/// other takes it, which is better than a mail that nobody has.
pub(super) fn order(routing: Routing, turn: Turn, standings: &[Standing]) -> Vec<usize> {
    let those =
        |wanted| standings.iter().enumerate().filter(move |(_, standing)| **standing == wanted).map(|(index, _)| index);
    let mut order: Vec<_> = those(Standing::Ready).collect();
    if routing == Routing::RoundRobin && !order.is_empty() {
        let first = turn.first(&order, standings.len());
        order.rotate_left(first);
    }
    order.extend(those(Standing::Ramped));
    order
}

#[cfg(test)]
mod tests {
    use super::Standing::{Ramped, Ready, Shut};
    use super::*;

    #[test]
    fn priority_keeps_the_operators_order_leaves_out_what_is_shut_and_puts_the_ramped_last() {
        for (standings, expected) in [
            (&[Ready, Ready, Ready][..], &[0, 1, 2][..]),
            (&[Shut, Ready, Shut, Ready], &[1, 3]),
            (&[Ramped, Ready, Shut, Ready], &[1, 3, 0]),
            (&[Shut, Ramped], &[1]),
            (&[Shut, Shut], &[]),
        ] {
            for turn in [Turn::Next(1), Turn::Of(1)] {
                assert_eq!(order(Routing::Priority, turn, standings), expected, "{standings:?}");
            }
        }
    }

    #[test]
    fn turns_are_shared_evenly_among_those_that_take_mail() {
        for (standings, turns) in [
            (&[Ready, Ready, Ready][..], &[&[0, 1, 2][..], &[1, 2, 0], &[2, 0, 1], &[0, 1, 2]][..]),
            (&[Ready, Shut, Ramped, Ready], &[&[0, 3, 2], &[3, 0, 2], &[0, 3, 2]]),
            (&[Shut, Ramped], &[&[1], &[1]]),
            (&[Shut], &[&[]]),
        ] {
            for (number, expected) in turns.iter().enumerate() {
                assert_eq!(order(Routing::RoundRobin, Turn::Next(number), standings), *expected, "{standings:?}");
            }
        }
    }

    #[test]
    fn a_key_has_its_upstream_and_leaves_it_only_while_that_takes_no_mail() {
        let order = |number, standings: &[Standing]| order(Routing::RoundRobin, Turn::Of(number), standings);
        for (number, all, without_the_second) in
            [(3, [0, 1, 2], [0, 2]), (4, [1, 2, 0], [2, 0]), (5, [2, 0, 1], [2, 0])]
        {
            assert_eq!(order(number, &[Ready, Ready, Ready]), all);
            assert_eq!(order(number, &[Ready, Shut, Ready]), without_the_second);
        }
    }
}
