//! The shares that are explained against where 20,000 mails without a key go, by Pearson's chi-square test.

use super::*;
use crate::delivery::upstream::fixture::ended;

const MAILS: usize = 20_000;

/// Critical values of the chi-square distribution: fair shares exceed them once in a hundred thousand times. By degrees of
/// freedom from 0.
const CRITICAL: [f64; 4] = [0.0, 19.51, 23.03, 25.90];

const WEIGHTS: [u32; 4] = [50, 30, 15, 5];

/// Four upstreams that accept all mail; the third may be ramping, and the last has a floor.
fn node(strategy: Strategy, rules: &str, ramp: Option<u8>) -> Fixture {
    let accepts = vec![Act::Say(Outcome::Accepted); MAILS];
    let fixture =
        Fixture::tuned(Failover::Safe, strategy, 1, &[(Capabilities::ANY, &accepts[..]); 4], |index, settings| {
            settings.weight = WEIGHTS[index];
            settings.floor = if index == 3 { 250 } else { 0 };
        });
    let names: Vec<_> = fixture.upstreams.iter().map(|upstream| Arc::clone(upstream.name())).collect();
    let rules = crate::delivery::routing::rules::Rules::read(rules, &names).expect("a rule of this test is one");
    fixture.dispatcher.replace_rules(rules);
    if let Some(share) = ramp {
        let (third, verdict) = (&fixture.upstreams[2], |outcome| Verdict::new(outcome, Reason::Mock));
        let permit = third.try_admit().expect("it is closed");
        third.settle(permit, &mail("b@example.net"), ended(&verdict(Outcome::Unavailable)));
        third.begin_probing();
        let probe = third.admit_probe().expect("it is half open");
        third.settle_probe(probe, &verdict(Outcome::Accepted), false);
        third.set_ramp(third.snapshot().generation, share);
    }
    fixture
}

#[tokio::test(start_paused = true)]
async fn explained_shares_hold_over_20_000_mails() {
    fastrand::seed(11);
    for (strategy, rules) in [
        (Strategy::Priority, ""),
        (Strategy::RoundRobin, ""),
        (Strategy::Weighted, ""),
        (Strategy::Adaptive, ""),
        (Strategy::Priority, "caller=* -> u2:60,u0:40"),
        (Strategy::Weighted, "caller=* -> u2,u3!"),
    ] {
        for ramp in [None, Some(40)] {
            let fixture = node(strategy, rules, ramp);
            let plan = fixture.dispatcher.explain(&submitted(None)).plan;
            for _ in 0..MAILS {
                assert!(fixture.send().await.is_ok());
            }
            let calls = fixture.calls();
            let count =
                |place: &ExplainedPlace| f64::from(calls[place.upstream[1..].parse::<usize>().expect("a number")]);
            let expected = |place: &ExplainedPlace| place.share * MAILS as f64;
            let (with, without): (Vec<_>, Vec<_>) = plan.iter().partition(|place| place.share > 0.0);
            let distance = |place: &&ExplainedPlace| (count(place) - expected(place)).powi(2) / expected(place);
            let chi_square: f64 = with.iter().map(distance).sum();
            assert!(
                chi_square <= CRITICAL[with.len() - 1],
                "{strategy:?} {rules} {ramp:?}: {chi_square} {calls:?} {plan:?}"
            );
            assert!(without.into_iter().all(|place| count(place) < 0.5), "{strategy:?} {rules}: {calls:?} {plan:?}");
        }
    }
}
