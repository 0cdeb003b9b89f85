//! I14: no upstream is handed more mails than its rate and one burst, in any stretch of time.
//!
//! A mail takes its token after its call began and before it arrives. So all mails whose calls began in a stretch of time,
//! and that arrived in it, took their tokens in it.

use std::time::{Duration, SystemTime};

use super::calls;
use super::record::{Index, Ledger};
use super::rule::Rule;

/// What the clocks of the node and of the test may differ by in a run.
const MARGIN: Duration = Duration::from_millis(20);

/// Judges the upstreams that have a rate.
pub(super) fn check(ledger: &Ledger, index: &Index<'_>, note: &mut impl FnMut(Rule, String)) {
    let calls = calls::all(ledger, index);
    for (number, account) in ledger.accounts.iter().enumerate() {
        let Some(rate) = account.rate else { continue };
        let here = calls.iter().flat_map(|call| {
            let arrivals = call.arrivals.iter().filter(|(at, _)| *at == number);
            arrivals.map(|(_, arrival)| (call.sent.from, arrival.at))
        });
        if let Some((count, stretch)) = excess(here.collect(), rate) {
            note(Rule::I14, format!("{} was handed {count} mails in {stretch:?}, by a rate of {rate}/s", account.name));
        }
    }
}

/// The first stretch of time with more mails than so many a second allow, and how many they are.
fn excess(mut mails: Vec<(SystemTime, SystemTime)>, rate: u32) -> Option<(usize, Duration)> {
    mails.sort_by_key(|(_, arrived)| *arrived);
    mails.iter().find_map(|(start, _)| {
        let within = mails.iter().filter(|(began, _)| began >= start).map(|(_, arrived)| arrived);
        within.enumerate().find_map(|(before, arrived)| {
            let (count, stretch) = (before + 1, arrived.duration_since(*start).ok()?);
            let allowed = f64::from(rate) * (1.0 + (stretch + MARGIN).as_secs_f64());
            (count as f64 > allowed).then_some((count, stretch))
        })
    })
}

#[test]
fn as_many_as_a_rate_and_a_burst_are_allowed_in_any_stretch_and_one_more_is_not() {
    let at = |millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
    let mails = |times: &[u64]| times.iter().map(|millis| (at(*millis), at(*millis + 1))).collect::<Vec<_>>();
    assert_eq!(excess(mails(&[0, 1, 500, 1000, 1500]), 2), None);
    assert_eq!(excess(mails(&[0, 1, 300]), 2), Some((3, Duration::from_millis(301))));
    assert_eq!(excess(mails(&[0, 2000, 2001, 2002, 2003]), 2), Some((3, Duration::from_millis(3))));
    let late = vec![(at(0), at(2000)), (at(0), at(2001)), (at(1900), at(2001))];
    assert_eq!(excess(late, 2), None, "those that began early may have taken their tokens early");
}
