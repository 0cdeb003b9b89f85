//! Violations, each planted alone: the checker names the rule, and no other.

mod answers;
mod keys;
mod ways;

use super::plant::{NONE, Plant, UNKNOWN_};
use super::*;

/// What is planted, and what the checker says of it.
const PLANTS: [(Rule, &str, Plant); 28] = [
    (Rule::I1, "accepted, they say; accepted by []", |l| accepted_by_nobody(l)),
    (Rule::I1, "was not accepted there", |l| {
        mail(l, (1, 2, 504, told(UNKNOWN_, &["a:accepted", "b:unknown:http_500"])), &[(1, 1, false, UNKNOWN)]);
    }),
    (Rule::I2, "accepted twice", |l| {
        let twice = [(0, 1, true, UNKNOWN), (0, 2, true, UNKNOWN)];
        mail(l, (1, 2, 504, told(UNKNOWN_, &["a:unknown:http_500"])), &twice);
    }),
    (Rule::I2, "accepted twice", |l| hang_up(l, &[(0, 1, true, UNKNOWN), (1, 1, true, ACCEPTED)])),
    (Rule::I2, "its mark says the contrary", |l| {
        mail(l, (1, 2, 200, told(None, &["a:unknown:lost", "b:accepted"])), &[(1, 1, true, ACCEPTED)]);
        last(l).failover = Failover::Always;
    }),
    (Rule::I2, "its mark says the contrary", |l| {
        mail(l, (1, 2, 200, told(None, &["b:accepted"])), &[(1, 1, true, ACCEPTED)]);
        last(l).answer.json["possible_duplicate"] = true.into();
    }),
    (Rule::I2, "tried again after an unknown", |l| {
        mail(l, (1, 2, 504, told(UNKNOWN_, &["a:unknown:lost", "b:unknown:lost"])), &[]);
    }),
    (Rule::I2, "too often at one provider", |l| {
        mail(l, (1, 2, 504, told(UNKNOWN_, &["a:unknown:lost", "a:unknown:lost"])), &[]);
    }),
    (Rule::I2, "tried again without failover", |l| {
        let told = told(None, &["a:account_refused", "b:accepted"]);
        mail(l, (1, 2, 200, told), &[(0, 1, false, REFUSED), (1, 1, true, ACCEPTED)]);
        last(l).failover = Failover::Never;
    }),
    (Rule::I2, "more often than they say", |l| {
        let twice = [(0, 1, false, ACCEPTED), (0, 2, true, ACCEPTED)];
        mail(l, (1, 2, 200, told(None, &["a:accepted"])), &twice);
    }),
    (Rule::I7, "gave up before its time", |l| {
        mail(l, (1, 2, 504, told(UNKNOWN_, &["b:unknown:timeout"])), &[]);
    }),
    (Rule::I3, "is nowhere, they say", |l| {
        mail(l, (1, 2, 422, told(NONE, &["a:unavailable", "b:message_rejected"])), &[(1, 1, false, REJECTED)]);
        l.accounts[1].arrivals.last_mut().expect("one").accepted = true;
    }),
    (Rule::I3, "was accepted there", |l| {
        mail(l, (1, 2, 504, told(UNKNOWN_, &["a:account_refused", "b:unknown:lost"])), &[(0, 1, true, REFUSED)]);
    }),
    (Rule::I4, "reached a while", |l| {
        mail(l, (1100, 1200, 200, told(None, &["a:accepted"])), &[(0, 1150, true, ACCEPTED)]);
    }),
    (Rule::I4, "tried a while", |l| {
        mail(l, (1100, 1200, 200, told(None, &["a:unavailable", "b:accepted"])), &[(1, 1150, true, ACCEPTED)]);
    }),
    (Rule::I4, "a had 2 probes", |l| l.accounts[0].most_probes_in_flight = 2),
    (Rule::I5, "took 1.3s", |l| {
        mail(l, (3000, 4300, 200, told(None, &["b:accepted"])), &[(1, 3001, true, ACCEPTED)]);
    }),
    (Rule::I5, "took 1.9s", |l| {
        mail(l, (4000, 5900, 200, told(None, &["b:accepted"])), &[(1, 4001, true, ACCEPTED)]);
    }),
    (Rule::I5, "750ms more for its size", |l| {
        mail(l, (2000, 4000, 200, told(None, &["b:accepted"])), &[(1, 2001, true, ACCEPTED)]);
        last(l).allowance = Duration::from_millis(750);
    }),
    (Rule::I5, "a second answer", |l| l.unanswered.push("a second answer".to_owned())),
    (Rule::I5, "strangely", |l| mail(l, (1, 2, 500, told(UNKNOWN_, &[])), &[])),
    (Rule::I6, "reached b and does not say so", |l| {
        mail(l, (1, 2, 422, told(NONE, &[])), &[(1, 1, false, REFUSED)]);
    }),
    (Rule::I6, "never came there", |l| mail(l, (1, 2, 422, told(NONE, &["b:message_rejected"])), &[])),
    (Rule::I7, "refused while a provider was up", |l| {
        mail(l, (1, 2, 502, told(NONE, &["b:account_refused"])), &[(1, 1, false, REFUSED)]);
    }),
    (Rule::I7, "no attempt was", |l| mail(l, (1, 2, 504, told(UNKNOWN_, &[])), &[])),
    (Rule::I7, "was lost", |l| {
        mail(l, (1, 2, 504, told(UNKNOWN_, &["b:unknown:lost"])), &[]);
        last(l).failover = Failover::Always;
    }),
    (Rule::I7, "not what that provider did", |l| {
        mail(l, (1, 2, 504, told(UNKNOWN_, &["b:unknown:http_502"])), &[(1, 1, false, UNKNOWN)]);
    }),
    (Rule::I7, "not what that provider did", |l| {
        mail(l, (1, 2, 422, told(NONE, &["b:message_rejected"])), &[(1, 1, false, REFUSED)]);
    }),
];

fn accepted_by_nobody(ledger: &mut Ledger) {
    mail(ledger, (1, 2, 200, told(None, &[])), &[]);
    last(ledger).answer.json["provider"] = "a".into();
}

/// The sums speak of a ledger without plants, so they are left out here.
#[test]
fn every_planted_violation_is_found() {
    for (rule, named, plant) in PLANTS.iter().chain(&keys::PLANTS).chain(&answers::PLANTS).chain(&ways::PLANTS) {
        let mut ledger = clean();
        plant(&mut ledger);
        let mut found = ledger.violations();
        found.retain(|violation| !violation.what.contains("in the metrics"));
        let is_named = found.iter().any(|violation| violation.what.contains(named));
        let alone = found.iter().all(|violation| violation.rule == *rule);
        assert!(is_named && alone, "{rule:?} {named}: {found:#?}");
    }
}

/// By more than what hang-ups leave open.
#[test]
fn every_sum_that_differs_is_found() {
    let lines: Vec<_> = PAGE.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        let (series, count) = line.rsplit_once(' ').expect("a count");
        let count: u64 = count.parse().expect("a number");
        for wrong in [count - 1, count + 4] {
            let mut page: Vec<_> = lines.iter().map(ToString::to_string).collect();
            page[number] = format!("{series} {wrong}");
            let mut ledger = clean();
            ledger.metrics = Metrics::parse(&page.join("\n"));
            assert_eq!(rules(&ledger), [Rule::I6], "{}", page[number]);
        }
    }
}
