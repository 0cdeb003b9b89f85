//! Rates of every size, on paused time.

use proptest::prelude::*;
use tokio::runtime::Builder;
use tokio::time::advance;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn limiter(calls: u32, per: Duration, burst: u32) -> RateLimiter {
    RateLimiter::of_the_same_calls([(Rate { calls: number(calls), per }, number(burst))].into_iter()).remove(0)
}

#[tokio::test(start_paused = true)]
async fn reading_tells_what_is_left_and_takes_none() {
    let limiter = limiter(10, SECOND, 3);
    for left in [3, 2, 1] {
        assert_eq!((limiter.left(), limiter.left()), (Ok(left), Ok(left)));
        assert_eq!(limiter.check(), Ok(()));
    }
    assert_eq!((limiter.left(), limiter.check()), (Err(SECOND / 10), Err(SECOND / 10)));
    advance(SECOND / 20).await;
    assert_eq!(limiter.left(), Err(SECOND / 20));
    advance(SECOND / 20).await;
    assert_eq!(limiter.left(), Ok(1));
    advance(SECOND).await;
    assert_eq!(limiter.left(), Ok(3), "no more than a burst is saved up");
}

#[tokio::test(start_paused = true)]
async fn a_call_is_counted_at_every_rate_of_the_same_calls() {
    let rates = [(1, 1), (100, 1)].map(|(calls, burst)| (Rate { calls: number(calls), per: SECOND }, number(burst)));
    let limiters = RateLimiter::of_the_same_calls(rates.into_iter());
    assert_eq!(limiters[1].check(), Ok(()));
    assert!(limiters[0].left().is_err(), "the slow rate has counted it too");
    advance(SECOND / 100).await;
    assert_eq!(
        (limiters[0].left(), limiters[1].left()),
        (Ok(1), Ok(1)),
        "the wait is that of the rate which counted it"
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_rate_delays_a_faster_one_of_the_same_calls_by_no_more_than_its_own_burst() {
    let rates = [(1, 1), (10, 3)].map(|(calls, burst)| (Rate { calls: number(calls), per: SECOND }, number(burst)));
    let limiters = RateLimiter::of_the_same_calls(rates.into_iter());
    assert_eq!(limiters[0].check(), Ok(()));
    assert_eq!(limiters[1].left(), Err(SECOND * 8 / 10));
    for _ in 0..2 {
        limiters[1].shorten_wait();
        assert_eq!(limiters[1].left(), Err(SECOND / 10), "once is as good as often");
    }
    advance(SECOND / 10).await;
    limiters[1].shorten_wait();
    assert_eq!((limiters[1].check(), limiters[1].check()), (Ok(()), Err(SECOND / 10)));
    limiters[0].shorten_wait();
    assert_eq!(limiters[0].left(), Err(SECOND * 3 / 10), "what a faster rate has counted is not more");
}

#[test]
fn limiters_of_the_same_calls_agree_when_the_next_is_allowed() {
    let rate = Rate { calls: number(1), per: 3600 * SECOND };
    let limiters = RateLimiter::of_the_same_calls((0..100).map(|_| (rate, number(1))));
    assert_eq!(limiters[0].check(), Ok(()));
    let next: Vec<_> = limiters
        .iter()
        .flat_map(|limiter| {
            let taking = limiter.taking.check().expect_err("none is left").earliest_possible();
            [taking, limiter.reading.check().expect_err("none is left").earliest_possible()]
        })
        .collect();
    assert!(next.iter().all(|at| *at == next[0]), "{next:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn there_are_never_more_calls_in_a_rates_time_than_the_rate_and_a_burst(
        calls in 1_u32..500,
        seconds in 1_u64..100,
        burst in 1_u32..40,
        waits in prop::collection::vec((0_u32..3000, 0_u32..60), 1..120),
    ) {
        let per = Duration::from_secs(seconds);
        let taken = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
            let (limiter, start, mut taken) = (limiter(calls, per, burst), Instant::now(), Vec::new());
            for (thousandths, tries) in &waits {
                advance(per * *thousandths / 1000).await;
                taken.extend((0..*tries).filter(|_| limiter.check().is_ok()).map(|_| start.elapsed()));
            }
            taken
        });
        for (first, from) in taken.iter().enumerate() {
            let within = taken[first..].iter().take_while(|at| **at - *from <= per).count();
            prop_assert!(within <= (calls + burst) as usize, "{within} in {per:?} from {from:?}");
        }
    }
}
