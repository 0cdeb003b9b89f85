//! How many mails each caller has under way: at most half of the windows that they may go to, so that one caller's backlog
//! does not hold up the others.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::caller::CallerName;

/// The mails under way by caller. The lock is held for one look at a map; mail of callers that wait never takes it.
#[derive(Default)]
pub(super) struct Callers(Mutex<HashMap<CallerName, usize>>);

/// One mail of a caller, for as long as it is held.
pub(super) struct UnderWay<'a> {
    callers: &'a Callers,
    caller: CallerName,
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
    /// Counts one mail more of this caller.
    pub(super) fn begin(&self, caller: CallerName) -> UnderWay<'_> {
        *self.lock().entry(caller.clone()).or_default() += 1;
        UnderWay { callers: self, caller }
    }

    /// What may be claimed where so many mails may be under way in all.
    pub(super) fn allowance(&self, windows: usize) -> Allowance {
        let (half, counts) = (windows.div_ceil(2), self.lock());
        let without = counts.iter().filter(|(_, count)| **count >= half).map(|(caller, _)| caller.clone()).collect();
        // The caller that has most under way, of those that may have more, sets what any of them gets at once.
        let most = counts.values().copied().filter(|count| *count < half).max().unwrap_or_default();
        Allowance { of_caller: half - most, without }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CallerName, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut counts = self.callers.lock();
        if let Some(count) = counts.get_mut(&self.caller) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_caller_with_half_of_the_windows_gets_no_more() {
        let callers = Callers::default();
        assert_eq!(callers.allowance(4), Allowance { of_caller: 2, without: Vec::new() });
        let first = callers.begin("a".into());
        assert_eq!(callers.allowance(4), Allowance { of_caller: 1, without: Vec::new() });
        let second = callers.begin("a".into());
        assert_eq!(callers.allowance(4), Allowance { of_caller: 2, without: vec!["a".into()] });
        drop((first, second));
        assert!(callers.lock().is_empty(), "who has nothing under way takes no memory");
    }

    proptest! {
        #[test]
        fn no_caller_comes_to_more_than_half_and_one_with_nothing_may_begin(
            under_way in prop::collection::vec(0..4_usize, 0..20), windows in 1..20_usize,
        ) {
            let callers = Callers::default();
            let name = |number: usize| CallerName::from(&*number.to_string());
            let held: Vec<_> = under_way.iter().map(|number| callers.begin(name(*number))).collect();
            let Allowance { of_caller, without } = callers.allowance(windows);
            let half = windows.div_ceil(2);
            for (caller, count) in callers.lock().iter() {
                let comes_to = if without.contains(caller) { *count } else { count + of_caller };
                prop_assert!(comes_to <= half || *count >= half, "{caller:?} comes to {comes_to} of {windows}");
            }
            prop_assert!(of_caller >= 1);
            drop(held);
        }
    }
}
