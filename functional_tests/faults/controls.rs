//! The checker itself: a clean ledger passes, and each fault that is planted into it is found.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::ledger::{Account, Arrival, Ledger};
use super::load::Sent;
use super::story::Outage;
use crate::harness::Answer;

type Plant = Box<dyn Fn(&mut Ledger)>;

fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

/// The circuit of `a` is open from 1000 to 2000; `b` is well.
fn clean() -> Ledger {
    let outage = Outage { opened: at(1000), closed: Some(at(2000)), reason: String::new() };
    let account =
        |name, outages| Account { name, arrivals: Vec::new(), dummies: Vec::new(), most_dummies_in_flight: 1, outages };
    let accounts = vec![account("a", vec![outage]), account("b", Vec::new())];
    let mut ledger = Ledger { sent: Vec::new(), accounts, cuts: vec![[at(500), at(510)]], one_was_up: true };
    mail(&mut ledger, 400, 900, 200, json!({"attempts": [attempt("a")]}), &[(0, 600, Some(true))]);
    mail(&mut ledger, 995, 1010, 504, json!({"delivery": "unknown", "attempts": [attempt("a")]}), &[(0, 1005, None)]);
    mail(&mut ledger, 505, 600, 504, json!({"delivery": "unknown"}), &[]);
    mail(&mut ledger, 1100, 1200, 200, json!({"attempts": [attempt("b")]}), &[(1, 1150, Some(true))]);
    mail(&mut ledger, 990, 1200, 200, json!({}), &[(0, 1001, Some(false)), (1, 1150, Some(true))]);
    mail(&mut ledger, 1970, 2100, 200, json!({"attempts": [attempt("a")]}), &[(0, 2001, Some(true))]);
    ledger
}

fn attempt(provider: &str) -> Value {
    json!({"provider": provider, "outcome": "accepted"})
}

/// One more mail: sent, answered, and where it arrived when.
fn mail(ledger: &mut Ledger, from: u64, to: u64, status: u16, json: Value, arrivals: &[(usize, u64, Option<bool>)]) {
    let number = ledger.sent.len().to_string();
    for (account, millis, taken) in arrivals {
        let arrival = Arrival { number: number.clone(), at: at(*millis), taken: *taken };
        ledger.accounts[*account].arrivals.push(arrival);
    }
    let answer = Answer { status, headers: HeaderMap::new(), text: String::new(), json };
    ledger.sent.push(Sent { number, from: at(from), to: at(to), answer });
}

#[test]
fn a_clean_ledger_passes() {
    clean().check();
}

#[test]
fn every_planted_fault_is_found() {
    let unknown = || json!({"delivery": "unknown"});
    let plants: [(&str, Plant); 10] = [
        ("reached a while", Box::new(|l| mail(l, 1100, 1200, 200, json!({}), &[(0, 1150, Some(true))]))),
        (
            "tried a while",
            Box::new(|l| mail(l, 1100, 1200, 200, json!({"attempts": [attempt("a")]}), &[(1, 1, Some(true))])),
        ),
        ("a had 2 dummies", Box::new(|l| l.accounts[0].most_dummies_in_flight = 2)),
        ("accepted, they say: taken 0", Box::new(|l| mail(l, 1, 2, 200, json!({}), &[]))),
        (
            "accepted, they say: taken 2",
            Box::new(|l| mail(l, 1, 2, 200, json!({}), &[(0, 1, Some(true)), (1, 2, Some(true))])),
        ),
        (
            "accepted, they say: taken 1, in doubt 1",
            Box::new(|l| mail(l, 1, 2, 200, json!({}), &[(0, 1, None), (1, 2, Some(true))])),
        ),
        ("unknown, they say", Box::new(move |l| mail(l, 1, 2, 504, unknown(), &[]))),
        ("unknown, they say", Box::new(move |l| mail(l, 1, 2, 504, unknown(), &[(0, 1, Some(false))]))),
        ("while a provider was up", Box::new(|l| mail(l, 1, 2, 503, json!({"delivery": "none"}), &[]))),
        ("strangely", Box::new(|l| mail(l, 1, 2, 500, json!({"delivery": "unknown"}), &[]))),
    ];
    for (named, plant) in plants {
        let mut ledger = clean();
        plant(&mut ledger);
        let violations = ledger.violations();
        assert!(violations.len() == 1 && violations[0].contains(named), "{named}: {violations:#?}");
    }
}

#[test]
fn a_none_that_a_provider_took_is_found() {
    let mut ledger = clean();
    ledger.one_was_up = false;
    mail(&mut ledger, 1, 2, 503, json!({"delivery": "none"}), &[]);
    assert!(ledger.violations().is_empty());
    mail(&mut ledger, 1, 2, 503, json!({"delivery": "none"}), &[(0, 1, Some(true))]);
    assert_eq!(ledger.violations().len(), 1, "{:#?}", ledger.violations());
}
