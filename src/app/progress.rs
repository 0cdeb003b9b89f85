//! How far long work is: count, rate, time left.

use std::time::Duration;

/// So many of all, after this time: how many, how fast, for how long. A unit stands behind the number of all.
pub(super) fn how_far(done: &str, (so_far, all): (u64, u64), unit: &str, took: Duration) -> String {
    let a_second = so_far as f64 / took.as_secs_f64().max(0.001);
    let left = all.saturating_sub(so_far) as f64 / a_second.max(1.0);
    format!("{done} {so_far} of {all}{unit}, {a_second:.0} a second, {left:.0} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_count_rate_and_time_left() {
        let line = how_far("parked", (20_000, 100_000), "", Duration::from_secs(2));
        assert_eq!(line, "parked 20000 of 100000, 10000 a second, 8 s left");
        let line = how_far("copied", (300, 1200), " KiB", Duration::from_secs(1));
        assert_eq!(line, "copied 300 of 1200 KiB, 300 a second, 3 s left");
        assert_eq!(how_far("parked", (0, 0), "", Duration::ZERO), "parked 0 of 0, 0 a second, 0 s left");
    }
}
