//! The checker itself: a clean ledger passes, and a violation of each rule that is planted into it is found.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::book::{Account, Arrival, Failover, Ledger, Sent};
use super::lag::Lags;
use super::rule::Rule;
use super::story::Outage;
use crate::harness::Answer;
use crate::harness::metrics::Metrics;

mod plants;

pub(super) fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

/// A mail under way: when it was sent and answered, with which status and body.
pub(super) type Answered = (u64, u64, u16, Value);
/// Where it arrived when, whether it was accepted, and what that may be called.
pub(super) type Met = (usize, u64, bool, &'static [&'static str]);

const ACCEPTED: &[&str] = &["accepted"];
const UNKNOWN: &[&str] = &["unknown:http_500"];
const REFUSED: &[&str] = &["account_refused"];

/// The body of an answer, with its attempts as `upstream:outcome:reason`; a 200 names the last upstream.
pub(super) fn told(delivery: Option<&str>, attempts: &[&str]) -> Value {
    let attempt = |text: &&str| {
        let words: Vec<_> = text.split(':').collect();
        json!({"provider": words[0], "outcome": words[1], "reason": words.get(2)})
    };
    let all: Vec<_> = attempts.iter().map(attempt).collect();
    match delivery {
        Some(delivery) => json!({"delivery": delivery, "attempts": all}),
        None => json!({"provider": all.last().map(|last| &last["provider"]), "attempts": all}),
    }
}

/// The circuit of `a` is open from 1000 to 2000; `b` is well.
pub(super) fn clean() -> Ledger {
    let outage = Outage { opened: at(1000), closed: Some(at(2000)), reason: String::new() };
    let account = |name, outages, dummies| Account {
        name,
        idempotent: false,
        arrivals: Vec::new(),
        dummies,
        most_dummies_in_flight: 1,
        outages,
    };
    let mut ledger = Ledger {
        sent: Vec::new(),
        hung_up: Vec::new(),
        unfinished: 0,
        unanswered: Vec::new(),
        accounts: vec![account("a", vec![outage], vec![at(1200), at(1990)]), account("b", Vec::new(), Vec::new())],
        cuts: vec![[at(500), at(510)]],
        one_was_up: true,
        deadline: Duration::from_secs(1),
        lags: Lags(vec![(at(5400), Duration::from_millis(300))]),
        metrics: Metrics::parse(""),
    };
    let none = None;
    mail(&mut ledger, (400, 900, 200, told(none, &["a:accepted"])), &[(0, 600, true, ACCEPTED)]);
    mail(&mut ledger, (995, 1010, 504, told(Some("unknown"), &["a:unknown:http_500"])), &[(0, 1005, true, UNKNOWN)]);
    mail(&mut ledger, (505, 600, 504, told(Some("unknown"), &["a:unknown:connection_lost"])), &[]);
    mail(&mut ledger, (505, 600, 504, told(Some("unknown"), &["a:unknown:lost"])), &[(0, 550, true, ACCEPTED)]);
    mail(&mut ledger, (1100, 1200, 200, told(none, &["b:accepted"])), &[(1, 1150, true, ACCEPTED)]);
    let both = told(none, &["a:account_refused", "b:accepted"]);
    mail(&mut ledger, (990, 1200, 200, both), &[(0, 1001, false, REFUSED), (1, 1150, true, ACCEPTED)]);
    mail(&mut ledger, (1970, 2100, 200, told(none, &["a:accepted"])), &[(0, 1995, true, ACCEPTED)]);
    mail(&mut ledger, (4000, 5450, 200, told(none, &["a:accepted"])), &[(0, 5000, true, ACCEPTED)]);
    mail(&mut ledger, (3000, 4700, 200, told(none, &["b:accepted"])), &[(1, 3001, true, ACCEPTED)]);
    last(&mut ledger).allowance = Duration::from_millis(750);
    mail(&mut ledger, (3000, 3001, 422, told(Some("none"), &["a:sender_rejected:sender_held"])), &[]);
    let mut marked = told(none, &["a:unknown:http_500", "b:accepted"]);
    marked["possible_duplicate"] = true.into();
    mail(&mut ledger, (3000, 3100, 200, marked), &[(0, 3001, true, UNKNOWN), (1, 3050, true, ACCEPTED)]);
    last(&mut ledger).failover = Failover::Always;
    hang_up(&mut ledger, &[(1, 3000, true, ACCEPTED)]);
    hang_up(&mut ledger, &[(1, 3000, true, UNKNOWN)]);
    hang_up(&mut ledger, &[]);
    ledger
}

/// One more mail.
pub(super) fn mail(ledger: &mut Ledger, (from, to, status, json): Answered, met: &[Met]) {
    let number = arrive(ledger, met);
    let (from, to) = (at(from), at(to));
    let answer = Answer { status, headers: HeaderMap::new(), text: String::new(), json };
    let took = to.duration_since(from).expect("an answer comes later");
    ledger.sent.push(Sent::plain(number, [from, to], took, answer));
}

/// One more mail whose caller did not wait.
pub(super) fn hang_up(ledger: &mut Ledger, met: &[Met]) {
    let number = arrive(ledger, met);
    ledger.hung_up.push(number);
}

fn arrive(ledger: &mut Ledger, met: &[Met]) -> usize {
    let number = ledger.sent.len() + ledger.hung_up.len();
    for (account, millis, accepted, outcomes) in met {
        let arrival = Arrival { number, at: at(*millis), accepted: *accepted, outcomes };
        ledger.accounts[*account].arrivals.push(arrival);
    }
    number
}

pub(super) fn last(ledger: &mut Ledger) -> &mut Sent {
    ledger.sent.last_mut().expect("a mail")
}

/// What a proxy would count that did as the ledger says.
const PAGE: &str = r#"smsp_attempts_total{upstream="a",outcome="accepted"} 3
smsp_attempts_total{upstream="a",outcome="unknown"} 4
smsp_attempts_total{upstream="a",outcome="account_refused"} 1
smsp_attempts_total{upstream="b",outcome="accepted"} 5
smsp_attempts_total{upstream="b",outcome="unknown"} 1
smsp_requests_total{path="/email",status="200"} 7
smsp_requests_total{path="/email",status="422"} 1
smsp_requests_total{path="/email",status="504"} 3
smsp_unknown_total 4"#;

fn rules(ledger: &Ledger) -> Vec<Rule> {
    ledger.violations().iter().map(|violation| violation.rule).collect()
}

#[test]
fn a_clean_ledger_passes() {
    let mut ledger = clean();
    ledger.metrics = Metrics::parse(PAGE);
    ledger.check();
}
