//! Rates and warm-ups on paused time, with a wall clock that is passed in.

use std::time::UNIX_EPOCH;

use proptest::prelude::*;
use tokio::runtime::Builder;
use tokio::time::{Instant, advance};

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);

fn quota(rates: &str, ramp_up: &str) -> Quota {
    let settings = Settings { rates: rates.parse().ok(), ramp_up: ramp_up.parse().ok(), ..Settings::NONE };
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

#[tokio::test(start_paused = true)]
async fn before_its_first_day_a_warm_up_takes_no_mail_and_tells_when_it_begins() {
    let quota = quota("14/s", "1970-01-11:200/d*2..50000/d");
    assert_eq!(quota.left(UNIX_EPOCH + DAY * 9), Err(DAY));
    assert_eq!(taken(&quota, UNIX_EPOCH + DAY * 9, 5), 0);
    assert_eq!(quota.left(UNIX_EPOCH + DAY * 10), Ok(1));
}

#[tokio::test(start_paused = true)]
async fn warm_up_allows_each_day_what_its_date_says() {
    let quota = quota("", "1970-01-11:200/d*2..50000/d");
    let mut allowed = Vec::new();
    for day in 9..20 {
        let mut mails = 0;
        for minute in 0..1440 {
            let now = UNIX_EPOCH + DAY * day + SECOND * 60 * minute;
            while quota.take(now) {
                mails += 1;
            }
            advance(SECOND * 60).await;
        }
        allowed.push(mails);
    }
    let rates = [0, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 50_000, 50_000];
    for (allowed, rate) in allowed.iter().zip(rates) {
        assert!((rate * 85 / 100..=rate + 36).contains(allowed), "{allowed} of {rate}");
    }
}

/// Days from now on, and how far the wall clock is set by then.
type Jump = (u32, i32);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn clock_jumps_move_the_day_of_the_warm_up_alone(
        jumps in prop::collection::vec((1_u32..100, prop_oneof![Just(-30_i32), Just(0), Just(30)]), 1..40),
    ) {
        let mails = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(run(&jumps));
        // The rates do not move with the wall clock: no jump brings a token.
        for (first, (from, _)) in mails.iter().enumerate() {
            let window: Vec<_> = mails[first..].iter().take_while(|(at, _)| *at - *from <= DAY).collect();
            let highest = window.iter().map(|(_, rate)| *rate).max().unwrap_or_default();
            prop_assert!(window.len() <= highest + 2, "{} mails where {highest} a day are allowed", window.len());
        }
    }
}

/// When each mail was handed over, and the mails a day that were allowed then.
async fn run(jumps: &[Jump]) -> Vec<(Duration, usize)> {
    let (quota, mut wall, start) = (quota("100/d", "1970-03-01:20/d*2..80/d"), UNIX_EPOCH + DAY * 60, Instant::now());
    let mut mails = Vec::new();
    for (minutes, days) in jumps {
        wall = if *days < 0 { wall - DAY * days.unsigned_abs() } else { wall + DAY * days.unsigned_abs() };
        for _ in 0..*minutes {
            let first = UNIX_EPOCH + DAY * 59;
            let since = wall.duration_since(first).ok().map(|since| since.as_secs() / DAY.as_secs());
            let allowed = since.map_or(0, |days| 20_usize << days.min(2));
            mails.extend((0..3).filter(|_| quota.take(wall)).map(|_| (start.elapsed(), allowed)));
            assert!(since.is_some() || quota.left(wall).is_err(), "no mail before the first day");
            advance(SECOND * 60 * 5).await;
            wall += SECOND * 60 * 5;
        }
    }
    mails
}
