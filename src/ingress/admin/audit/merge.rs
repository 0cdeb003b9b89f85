//! Two lists of orders as one, the newest first.

use crate::runtime::unix_time::UnixTime;

/// An order of a list: its number in it, when it was given, and what is shown of it.
pub(super) type Numbered<T> = (i64, UnixTime, T);

/// The next orders of a list, by falling numbers.
pub(super) struct List<T> {
    orders: Vec<Numbered<T>>,
    is_last: bool,
}

impl<T> List<T> {
    /// What came where so many were asked for.
    pub(super) fn new(orders: Vec<Numbered<T>>, limit: usize) -> Self {
        let is_last = orders.len() < limit;
        Self { orders, is_last }
    }

    /// The number that all the rest is below, once so many are taken; 0 where there is none.
    fn below(&self, taken: usize) -> i64 {
        match self.orders.get(taken) {
            Some((number, ..)) => number.saturating_add(1),
            None if self.is_last => 0,
            None => self.orders.last().map_or(0, |(number, ..)| *number),
        }
    }
}

/// At most so many, and the numbers that the rest of each list is below.
///
/// No list is put into another order: where one of its orders was written late, what comes behind it waits with it.
pub(super) fn merge<T>(lists: [List<T>; 2], limit: usize) -> (Vec<T>, [i64; 2]) {
    let [first, second] = &lists;
    let mut taken = [0, 0];
    let mut is_of_first = Vec::with_capacity(limit.min(first.orders.len() + second.orders.len()));
    while is_of_first.len() < limit {
        let takes_first = match (first.orders.get(taken[0]), second.orders.get(taken[1])) {
            (Some((_, at, _)), Some((_, other, _))) => at >= other,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => break,
        };
        taken[usize::from(!takes_first)] += 1;
        is_of_first.push(takes_first);
    }
    let below = [first.below(taken[0]), second.below(taken[1])];
    let [mut first, mut second] = lists.map(|list| list.orders.into_iter().map(|(.., order)| order));
    let next = |is_of_first| if is_of_first { first.next() } else { second.next() };
    (is_of_first.into_iter().filter_map(next).collect(), below)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Below this number, as a store reads them.
    fn list(all: &[(i64, i64)], below: i64, limit: usize) -> List<(i64, i64)> {
        let rest = all.iter().filter(|(number, _)| *number < below).take(limit);
        List::new(rest.map(|&(number, at)| (number, UnixTime(at), (number, at))).collect(), limit)
    }

    #[test]
    fn pages_of_any_length_have_each_order_once_and_the_newest_first() {
        let first = [(9, 90), (7, 70), (4, 40), (3, 30)];
        let second = [(800, 85), (700, 75), (600, 70), (5, 10), (4, 9), (1, 8)];
        let mut all: Vec<_> = first.iter().chain(&second).copied().collect();
        all.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
        for limit in 1..=12 {
            let (mut seen, mut below) = (Vec::new(), [i64::MAX; 2]);
            while below != [0, 0] {
                let lists = [list(&first, below[0], limit), list(&second, below[1], limit)];
                let (page, next) = merge(lists, limit);
                assert!(page.len() <= limit && next[0] <= below[0] && next[1] <= below[1], "{limit}: {next:?}");
                seen.extend(page);
                below = next;
            }
            assert_eq!(seen, all, "{limit}");
        }
    }

    #[test]
    fn one_that_was_written_late_stays_where_its_list_has_it() {
        let lists = [list(&[(3, 10), (2, 50)], 9, 5), list(&[(8, 40), (7, 5)], 9, 5)];
        let (page, below) = merge(lists, 5);
        assert_eq!(page, [(8, 40), (3, 10), (2, 50), (7, 5)]);
        assert_eq!(below, [0, 0]);
    }
}
