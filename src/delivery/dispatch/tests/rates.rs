//! Upstreams whose rates are used up, on paused time.

use super::*;
use crate::delivery::upstream::{self, quota};
use crate::model::left_out::LeftOut;
use crate::model::skip::SkipReason;

const ANY: Capabilities = Capabilities::ANY;

/// Over upstreams that accept everything, each with these rates; an empty text is no rate.
pub(super) fn with_rates(routing: Strategy, rates: &[&str], acts: &[Act]) -> Fixture {
    let scripts: Vec<_> = rates.iter().map(|_| (ANY, acts)).collect();
    let tune = |index: usize, settings: &mut upstream::Settings| settings.quota = of_rates(rates[index]);
    Fixture::tuned(Failover::Safe, routing, 5, &scripts, tune)
}

fn of_rates(rates: &str) -> quota::Settings {
    quota::Settings { rates: rates.parse().ok(), ..quota::Settings::NONE }
}

fn accepting(rates: &[&str]) -> Fixture {
    with_rates(Strategy::Priority, rates, &[Act::Say(Outcome::Accepted); 200])
}

#[tokio::test(start_paused = true)]
async fn spent_upstream_is_passed_over_and_the_receipt_says_so() {
    let fixture = accepting(&["2/s", ""]);
    for expected in [&["u0:accepted"][..], &["u0:accepted"], &["u0:throttled", "u1:accepted"]] {
        let receipt = fixture.send().await.expect("one takes it");
        assert_eq!(words(&receipt.attempts), expected);
    }
    let receipt = fixture.send().await.expect("the second takes it");
    assert_eq!((receipt.attempts[0].verdict.reason, receipt.attempts[0].took), (Reason::RateSpent, None));
    assert_eq!(fixture.calls(), [2, 2]);
    tokio::time::advance(SECOND).await;
    assert_eq!(words(&fixture.send().await.expect("a new token").attempts), ["u0:accepted"]);
}

#[tokio::test(start_paused = true)]
async fn mail_that_no_rate_allows_waits_for_the_next_token_of_any() {
    let fixture = accepting(&["1/h", "1/m"]);
    for _ in 0..2 {
        fixture.send().await.expect("one token each");
    }
    tokio::time::advance(20 * SECOND).await;
    assert_eq!(fixture.failure().await, Failure::NotNow { retry_after: 40 * SECOND });
    assert!(fixture.upstreams[1].override_circuit(Override::Open));
    assert_eq!(fixture.failure().await, Failure::NotNow { retry_after: 3580 * SECOND }, "the second may take none");
}

#[tokio::test(start_paused = true)]
async fn wait_is_for_the_circuit_and_the_token() {
    let fixture = with_rates(Strategy::Priority, &["1/m"], &[Act::Say(Outcome::Throttled)]);
    assert_eq!(fixture.failure().await, Failure::NotNow { retry_after: 60 * SECOND }, "the circuit is held for 5 s");
    fixture.upstreams[0].schedule_probe(300 * SECOND);
    assert_eq!(fixture.failure().await, Failure::NotNow { retry_after: 300 * SECOND });
}

/// Why a mail is not handed over that was planned before: what the plan looked at may have changed since.
async fn skip_reason_at(upstream: &Upstream) -> Option<SkipReason> {
    let (message, shutdown) = (mail("a@example.org"), Shutdown::default());
    let deadline = Instant::now() + 15 * SECOND;
    let (journal, late, rule) = ((), None, None);
    let call = Call { message: &message, journal, neighbours: None, deadline, shutdown: &shutdown, late, rule };
    attempt::attempt(upstream, &call).await.expect("no journal refuses it").err()
}

#[tokio::test(start_paused = true)]
async fn attempt_that_finds_no_token_leaves_the_circuits_window_untouched() {
    let fixture = with_rates(Strategy::Priority, &["1/h"], &[Act::Say(Outcome::Unavailable)]);
    let upstream = &fixture.upstreams[0];
    fixture.send().await.expect_err("the one mail that is allowed fails");
    let before = (upstream.snapshot(), upstream.counts());
    for _ in 0..20 {
        assert_eq!(skip_reason_at(upstream).await, Some(SkipReason::LeftOut(LeftOut::RateSpent)));
    }
    assert_eq!((upstream.snapshot(), upstream.counts()), before);
    assert_eq!(fixture.calls(), [1]);
    assert!(upstream.concurrency_permit().is_some(), "its place is free again");
}

#[tokio::test(start_paused = true)]
async fn token_is_taken_after_the_place_and_the_circuits_permit() {
    let fixture = accepting(&["1/h", ""]);
    let upstream = &fixture.upstreams[0];
    let places: Vec<_> = std::iter::from_fn(|| upstream.concurrency_permit()).collect();
    assert_eq!((skip_reason_at(upstream).await, upstream.tokens_left()), (Some(SkipReason::Busy), Some(1)));
    drop(places);
    assert!(upstream.override_circuit(Override::Open));
    let by_circuit = Some(SkipReason::LeftOut(LeftOut::Circuit));
    assert_eq!((skip_reason_at(upstream).await, upstream.tokens_left()), (by_circuit, Some(1)));
    assert_eq!(fixture.upstreams[1].tokens_left(), None, "it has no rate");
}

#[tokio::test(start_paused = true)]
async fn plan_takes_no_token() {
    let fixture = accepting(&["1/h", "1/h"]);
    for left in [[1, 1], [0, 1], [0, 0]] {
        let found = fixture.upstreams.iter().map(|upstream| upstream.tokens_left()).collect::<Vec<_>>();
        assert_eq!(found, left.map(Some), "each mail takes one token where it is handed over");
        let _ = fixture.send().await;
    }
}

#[tokio::test(start_paused = true)]
async fn spent_upstream_is_no_reason_to_open_the_circuit_of_another_early() {
    let (fails, accepts) = ([Act::Say(Outcome::Unavailable); 4], [Act::Say(Outcome::Accepted); 4]);
    for (rates, stays_closed) in [("1/h", true), ("", false)] {
        let scripts = [(ANY, &fails[..]), (ANY, &accepts[..])];
        let tune = |index: usize, settings: &mut upstream::Settings| settings.quota = of_rates(["", rates][index]);
        let fixture = Fixture::tuned(Failover::Safe, Strategy::Priority, 5, &scripts, tune);
        for _ in 0..3 {
            let _ = fixture.send().await;
        }
        assert_eq!(fixture.upstreams[0].snapshot().admits(), stays_closed, "the second has the rate `{rates}`");
    }
}

/// Mails at a time, and the wait before them in thousandths of a second.
type Arrivals = Vec<(u8, u16)>;

async fn handed_over(rates: &[u32], arrivals: &Arrivals) -> Vec<(usize, Duration)> {
    let texts: Vec<_> = rates.iter().map(|rate| format!("{rate}/s")).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    let fixture = with_rates(Strategy::RoundRobin, &texts, &[Act::SayAfter(SECOND / 50, Outcome::Accepted); 2000]);
    let (start, mut handed_over) = (Instant::now(), Vec::new());
    for (mails, wait) in arrivals {
        tokio::time::advance(Duration::from_millis((*wait).into())).await;
        let before = fixture.calls();
        let at = start.elapsed();
        let together = (0..*mails).map(|_| fixture.send());
        futures_util::future::join_all(together).await;
        for (upstream, (before, after)) in before.iter().zip(fixture.calls()).enumerate() {
            handed_over.extend((*before..after).map(|_| (upstream, at)));
        }
    }
    handed_over
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(32))]
    #[test]
    fn no_upstream_is_handed_more_than_its_rate_and_a_burst_in_any_second(
        rates in proptest::collection::vec(1_u32..20, 1..4),
        arrivals in proptest::collection::vec((0_u8..40, 0_u16..700), 1..30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let handed_over = runtime.block_on(handed_over(&rates, &arrivals));
        for (upstream, rate) in rates.iter().enumerate() {
            let times: Vec<_> = handed_over.iter().filter(|(to, _)| *to == upstream).map(|(_, at)| *at).collect();
            for (first, from) in times.iter().enumerate() {
                let within = times[first..].iter().take_while(|at| **at - *from <= SECOND).count();
                proptest::prop_assert!(within <= 2 * *rate as usize, "u{upstream}: {within} of {rate}/s from {from:?}");
            }
        }
        let all: u32 = rates.iter().sum();
        let mails: usize = arrivals.first().map(|(mails, _)| usize::from(*mails)).unwrap_or_default();
        let first = handed_over.iter().filter(|(_, at)| *at == handed_over[0].1).count();
        proptest::prop_assert!(mails == 0 || first == mails.min(all as usize), "{first} of {mails} mails found {all} tokens");
    }
}
