//! How many mails of each route set a caller has under way: at most half of the windows that they may go to while other callers
//! wait, so that one caller's backlog does not hold up the others, nor its mail for one upstream that for another.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::row::RouteSet;
use crate::model::caller::CallerName;

/// The mails under way by route set and caller. The lock is held for one look at a map; mail of callers that wait never takes it.
#[derive(Default)]
pub(super) struct Callers(Mutex<Counts>);

type Counts = HashMap<(RouteSet, CallerName), usize>;

/// One mail of a caller, for as long as it is held.
pub(super) struct UnderWay<'a> {
    callers: &'a Callers,
    key: (RouteSet, CallerName),
}

/// What may be claimed of each caller.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Allowance {
    /// Rows of one.
    pub(super) of_caller: usize,
    /// No rows of these.
    pub(super) without: Vec<CallerName>,
}

impl Callers {
    /// Counts one mail more of this set and caller.
    pub(super) fn begin(&self, set: RouteSet, caller: CallerName) -> UnderWay<'_> {
        let key = (set, caller);
        *self.lock().entry(key.clone()).or_default() += 1;
        UnderWay { callers: self, key }
    }

    /// What may be claimed of a set where so many mails of it may be under way in all, while other callers wait.
    pub(super) fn allowance(&self, set: &RouteSet, windows: usize) -> Allowance {
        let (half, counts) = (windows.div_ceil(2), self.lock());
        let of_set = || counts.iter().filter(|((other, _), _)| other == set);
        let full = of_set().filter(|(_, count)| **count >= half);
        let without = full.map(|((_, caller), _)| caller.clone()).collect();
        // The caller that has most under way, of those that may have more, sets what any of them gets at once.
        let most = of_set().map(|(_, count)| *count).filter(|count| *count < half).max().unwrap_or_default();
        Allowance { of_caller: half - most, without }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut counts = self.callers.lock();
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set() -> RouteSet {
        RouteSet::new(["mg"])
    }

    #[test]
    fn a_caller_with_half_of_the_windows_gets_no_more() {
        let callers = Callers::default();
        assert_eq!(callers.allowance(&set(), 4), Allowance { of_caller: 2, without: Vec::new() });
        let first = callers.begin(set(), "a".into());
        assert_eq!(callers.allowance(&set(), 4), Allowance { of_caller: 1, without: Vec::new() });
        let second = callers.begin(set(), "a".into());
        assert_eq!(callers.allowance(&set(), 4), Allowance { of_caller: 2, without: vec!["a".into()] });
        drop((first, second));
        assert!(callers.lock().is_empty(), "who has nothing under way takes no memory");
    }

    #[test]
    fn a_caller_with_much_mail_for_one_upstream_gets_its_share_at_another() {
        let callers = Callers::default();
        let _under_way: Vec<_> = (0..9).map(|_| callers.begin(set(), "a".into())).collect();
        let other = RouteSet::new(["ses"]);
        assert_eq!(callers.allowance(&other, 4), Allowance { of_caller: 2, without: Vec::new() });
        assert_eq!(callers.allowance(&set(), 4).without, vec!["a".into()]);
    }

    proptest! {
        #[test]
        fn no_caller_comes_to_more_than_half_and_one_with_nothing_may_begin(
            under_way in prop::collection::vec(0..4_usize, 0..20), windows in 1..20_usize,
        ) {
            let callers = Callers::default();
            let name = |number: usize| CallerName::from(&*number.to_string());
            let held: Vec<_> = under_way.iter().map(|number| callers.begin(set(), name(*number))).collect();
            let Allowance { of_caller, without } = callers.allowance(&set(), windows);
            let half = windows.div_ceil(2);
            for ((_, caller), count) in callers.lock().iter() {
                let comes_to = if without.contains(caller) { *count } else { count + of_caller };
                prop_assert!(comes_to <= half || *count >= half, "{caller:?} comes to {comes_to} of {windows}");
            }
            prop_assert!(of_caller >= 1);
            drop(held);
        }
    }
}
