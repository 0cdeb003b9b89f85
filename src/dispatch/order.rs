//! Which upstreams a mail is offered to, and in which order. Pure: what it needs to know is passed in.

/// Which upstream comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routing {
    /// The one that the operator named first.
    Priority,
}

/// The closed ones of `count` upstreams, by index, the first to try first.
pub(super) fn order(routing: Routing, count: usize, is_closed: impl Fn(usize) -> bool) -> Vec<usize> {
    match routing {
        Routing::Priority => (0..count).filter(|&index| is_closed(index)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priority_keeps_the_operators_order_and_leaves_out_what_is_not_closed() {
        assert_eq!(order(Routing::Priority, 4, |_| true), [0, 1, 2, 3]);
        assert_eq!(order(Routing::Priority, 4, |index| index % 2 == 1), [1, 3]);
        assert_eq!(order(Routing::Priority, 4, |_| false), [0usize; 0]);
    }
}
