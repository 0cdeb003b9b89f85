//! Rates on paused time, with a wall clock that is passed in.

mod warm_up;

use std::num::NonZeroU32;
use std::time::UNIX_EPOCH;

use tokio::time::advance;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);

fn quota(rates: &str, ramp_up: &str) -> Quota {
    on_nodes(1, rates, ramp_up)
}

/// The part of one of so many nodes.
fn on_nodes(nodes: u32, rates: &str, ramp_up: &str) -> Quota {
    let nodes = NonZeroU32::new(nodes).expect("a node");
    let settings = Settings { rates: rates.parse().ok(), ramp_up: ramp_up.parse().ok(), nodes };
    Quota::new(&settings).expect("a limit")
}

/// How many of so many mails at once get a token.
fn taken(quota: &Quota, now: SystemTime, mails: usize) -> usize {
    (0..mails).filter(|_| quota.take(now)).count()
}

#[tokio::test(start_paused = true)]
async fn upstream_without_a_rate_has_no_quota() {
    assert!(Quota::new(&Settings::NONE).is_none());
}

#[tokio::test(start_paused = true)]
async fn mail_needs_a_token_of_every_rate() {
    let quota = quota("10/s,50000/d", "");
    for (second, expected) in [10, 10, 10, 6].into_iter().enumerate() {
        advance(SECOND * u32::from(second > 0)).await;
        let left = quota.left(UNIX_EPOCH).map(|left| left as usize);
        assert_eq!((left, taken(&quota, UNIX_EPOCH, 100)), (Ok(expected), expected), "in second {second}");
    }
    // Of the day's rate there are 35 at first and one more each 1.728 s: the 37th at 3.456 s.
    assert_eq!(quota.left(UNIX_EPOCH), Err(Duration::from_millis(456)), "the longest wait counts");
}

#[tokio::test(start_paused = true)]
async fn overload_of_a_short_rate_takes_nothing_of_a_long_one() {
    let quota = quota("1/s,40000/d", "");
    for _ in 0..20 {
        assert_eq!(taken(&quota, UNIX_EPOCH, 1000), 1);
        advance(SECOND).await;
    }
    assert_eq!(quota.left(UNIX_EPOCH), Ok(1), "19980 mails that were refused have left the day's 28 tokens alone");
}
