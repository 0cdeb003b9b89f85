//! Which upstreams a mail is offered to, and in which order. Pure: what it needs to know is passed in.

/// Which upstream comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routing {
    /// The one that the operator named first.
    Priority,
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
pub(super) fn order(routing: Routing, standings: &[Standing]) -> Vec<usize> {
    let those =
        |wanted| standings.iter().enumerate().filter(move |(_, standing)| **standing == wanted).map(|(index, _)| index);
    match routing {
        Routing::Priority => those(Standing::Ready).chain(those(Standing::Ramped)).collect(),
    }
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
            assert_eq!(order(Routing::Priority, standings), expected, "{standings:?}");
        }
    }
}
