//! Warm-ups on paused time, with a wall clock that is passed in: what each day allows, and what a clock that is set changes.

use proptest::prelude::*;
use tokio::runtime::Builder;
use tokio::time::Instant;

use super::*;

#[tokio::test(start_paused = true)]
async fn before_its_first_day_a_warm_up_takes_no_mail_and_tells_when_it_begins() {
    let quota = quota("14/s", "1970-01-11:200/d*2..50000/d");
    assert_eq!(quota.left(UNIX_EPOCH + DAY * 9), Err(DAY));
    assert_eq!(taken(&quota, UNIX_EPOCH + DAY * 9, 5), 0);
    assert_eq!(quota.left(UNIX_EPOCH + DAY * 10), Ok(1));
}

/// What each of these days allows at `look`s so far apart. As dispatch does it, a mail looks before it takes.
async fn taken_on(quota: &Quota, days: std::ops::Range<u32>, look: Duration) -> Vec<u32> {
    let mut allowed = Vec::new();
    for day in days {
        let (mut mails, midnight, start) = (0, UNIX_EPOCH + DAY * day, Instant::now());
        while start.elapsed() < DAY {
            let now = midnight + start.elapsed();
            while quota.left(now).is_ok() && quota.take(now) {
                mails += 1;
            }
            advance(look).await;
        }
        allowed.push(mails);
    }
    allowed
}

#[tokio::test(start_paused = true)]
async fn warm_up_allows_each_day_what_its_date_says_on_every_number_of_nodes() {
    let rates = [0, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 50_000, 50_000];
    for nodes in [1, 10, 1000] {
        let quota = on_nodes(nodes, "", "1970-01-11:200/d*2..50000/d");
        let allowed = taken_on(&quota, 9..20, SECOND * 10).await;
        for (mails, rate) in allowed.iter().zip(rates) {
            let (least, most) = (rate * 85 / 100 / nodes, rate / nodes + rate.div_ceil(1440 * nodes) + 1);
            assert!((least..=most).contains(mails), "{nodes} nodes: {mails} of {rate}: {allowed:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn mail_of_a_slow_day_does_not_close_the_fast_days_after_it() {
    let quota = on_nodes(10, "", "1970-01-11:1/d*2..512/d");
    let allowed = taken_on(&quota, 10..20, SECOND * 60).await;
    // A node has a tenth: 0.8 mails on the fourth day, 51.2 on the tenth.
    for (mails, (least, most)) in
        allowed.iter().zip([(1, 1), (0, 1), (0, 1), (0, 1), (1, 2), (3, 4), (6, 7), (12, 13), (24, 26), (49, 52)])
    {
        assert!((least..=most).contains(mails), "{mails} of {least} to {most}: {allowed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn last_mail_of_a_day_delays_the_first_of_the_next_by_the_next_days_time_of_one() {
    let quota = quota("", "1970-01-11:1/d*10..1000/d");
    assert_eq!(taken(&quota, UNIX_EPOCH + DAY * 11 - SECOND * 60, 2), 1);
    assert_eq!(quota.left(UNIX_EPOCH + DAY * 11 - SECOND * 60), Err(DAY));
    advance(SECOND * 60).await;
    for _ in 0..2 {
        assert_eq!(quota.left(UNIX_EPOCH + DAY * 11), Err(DAY / 10), "to look again changes nothing");
    }
    let allowed = taken_on(&quota, 11..12, SECOND * 60).await;
    assert!((9..=10).contains(&allowed[0]), "{allowed:?}");
}

#[tokio::test(start_paused = true)]
async fn mail_of_a_day_that_a_wrong_clock_says_does_not_close_the_right_one() {
    let quota = on_nodes(1000, "", "1970-01-11:1/d*10..100000/d");
    let (wrong, right) = (UNIX_EPOCH + DAY * 10, UNIX_EPOCH + DAY * 30);
    assert_eq!((taken(&quota, wrong, 2), quota.left(wrong)), (1, Err(DAY * 1000)));
    assert_eq!(quota.left(right), Err(DAY / 100));
    advance(DAY / 100).await;
    assert_eq!(taken(&quota, right, 2), 1);
}

/// Steps of five minutes, and how many days the wall clock is set forth before them.
type Jump = (u32, i32);

/// The time of a step, how many mails a day were allowed, and whether one was handed over.
type Step = (Duration, usize, bool);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn clock_jumps_move_the_day_of_the_warm_up_alone(
        jumps in prop::collection::vec((1_u32..100, prop::sample::select(vec![-30, -1, 0, 1, 30])), 1..40),
        nodes in prop::sample::select(vec![1_u32, 10, 1000]),
    ) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let steps = runtime.block_on(run(&jumps, nodes));
        // The rates do not move with the wall clock: no jump brings more than the fastest day that it comes to. Here a
        // burst is one mail.
        for (first, (from, ..)) in steps.iter().enumerate().filter(|(_, (.., mail))| *mail) {
            let window: Vec<_> = steps[first..].iter().take_while(|(at, ..)| *at - *from <= DAY * nodes).collect();
            let highest = window.iter().map(|(_, rate, _)| *rate).max().unwrap_or_default();
            let mails = window.iter().filter(|(.., mail)| *mail).count();
            prop_assert!(mails <= highest + 2, "{mails} mails where {highest} a day are allowed");
        }
    }
}

async fn run(jumps: &[Jump], nodes: u32) -> Vec<Step> {
    let quota = on_nodes(nodes, "100/d", "1970-03-01:20/d*2..80/d");
    let (mut wall, start, first) = (UNIX_EPOCH + DAY * 60, Instant::now(), UNIX_EPOCH + DAY * 59);
    let mut steps = Vec::new();
    for (minutes, days) in jumps {
        wall = if *days < 0 { wall - DAY * days.unsigned_abs() } else { wall + DAY * days.unsigned_abs() };
        for _ in 0..*minutes {
            let since = wall.duration_since(first).ok().map(|since| since.as_secs() / DAY.as_secs());
            let allowed = since.map_or(0, |days| 20_usize << days.min(2));
            let left = quota.left(wall);
            match left {
                Ok(left) => assert!((left, allowed > 0, quota.take(wall)) == (1, true, true), "day {since:?}"),
                // No jump closes the node: no wait is longer than that of one mail at the rate of the day.
                Err(wait) => assert!(allowed == 0 || wait <= DAY * nodes / allowed as u32, "{wait:?} on day {since:?}"),
            }
            steps.push((start.elapsed(), allowed, left.is_ok()));
            advance(SECOND * 60 * 5).await;
            wall += SECOND * 60 * 5;
        }
    }
    steps
}
