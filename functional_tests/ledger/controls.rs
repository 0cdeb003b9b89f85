//! The checker itself: a clean ledger passes, and a violation of each rule that is planted into it is found.

mod builder;
mod plant;
mod plants;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::fates::Fate;
use super::lag::Lags;
use super::outages::Outage;
use super::record::{Account, Failover, Ledger};
use super::rule::Rule;
use super::way::Way;
use crate::harness::metrics::Metrics;
use builder::{at, fates, go, hang_up, keyed, last, mail, repeat, replay, told};

const ACCEPTED: &[&str] = &["accepted"];
const UNKNOWN: &[&str] = &["unknown:http_500"];
const REJECTED: &[&str] = &["message_rejected"];
const REFUSED: &[&str] = &["account_refused"];

/// The circuit of `a` is open from 1000 to 2000; `b` is well; `c` takes a mail once.
pub(super) fn clean() -> Ledger {
    let outage = Outage { opened: at(1000), closed: Some(at(2000)), reason: String::new() };
    let account = |name, outages, probes| Account {
        name,
        idempotent: name == "c",
        rate: None,
        arrivals: Vec::new(),
        probes,
        most_probes_in_flight: 1,
        outages,
    };
    let mut ledger = Ledger {
        sent: Vec::new(),
        repeats: Vec::new(),
        reused: Vec::new(),
        cut_off: Vec::new(),
        rates: BTreeMap::new(),
        hung_up: Vec::new(),
        unfinished: 0,
        unanswered: Vec::new(),
        accounts: vec![
            account("a", vec![outage], vec![at(1200), at(1990)]),
            account("b", Vec::new(), Vec::new()),
            account("c", Vec::new(), Vec::new()),
        ],
        cuts: vec![[at(500), at(510)]],
        ways: BTreeMap::new(),
        one_was_up: true,
        refuses_mails_alone: false,
        states: Vec::new(),
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
    go(&mut ledger, Way { rule: Some("offer".to_owned()), turns: vec![vec![1]], barred: Vec::new() });
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
    replay(&mut ledger, (3100, 3101, 200, told(none, &["b:accepted"])));
    hang_up(&mut ledger, &[(1, 3000, true, UNKNOWN)]);
    hang_up(&mut ledger, &[]);
    repeats(&mut ledger);
    mail(&mut ledger, (3000, 3100, 200, in_part()), &[(1, 3050, true, ACCEPTED)]);
    fates(&mut ledger, [Fate::Taken, Fate::Deferred]);
    ledger
}

/// Mails with a key, each called once more after its answer.
fn repeats(ledger: &mut Ledger) {
    let (none, unknown, nowhere) = (None, Some("unknown"), Some("none"));
    keyed(ledger, (3000, 3100, 200, told(none, &["b:accepted"])), &[(1, 3050, true, ACCEPTED)]);
    replay(ledger, (3200, 3201, 200, told(none, &["b:accepted"])));
    keyed(ledger, (3000, 3100, 504, told(unknown, &["b:unknown:http_500"])), &[(1, 3050, true, UNKNOWN)]);
    replay(ledger, (3200, 3201, 504, told(unknown, &["b:unknown:http_500"])));
    keyed(ledger, (3000, 3100, 422, told(nowhere, &["b:message_rejected"])), &[(1, 3050, false, REJECTED)]);
    repeat(ledger, (3200, 3300, 200, told(none, &["b:accepted"])), &[(1, 3250, true, ACCEPTED)]);
    for (status, delivery, attempts) in
        [(504, unknown, &["c:unknown:http_500"][..]), (200, none, &["c:unknown:http_500", "c:accepted"])]
    {
        keyed(ledger, (3000, 3100, 504, told(unknown, &["c:unknown:http_500"])), &[(2, 3050, true, UNKNOWN)]);
        repeat(ledger, (3200, 3300, status, told(delivery, attempts)), &[(2, 3250, false, ACCEPTED)]);
    }
}

/// An answer that tells of two recipients.
fn in_part() -> serde_json::Value {
    let mut told = told(None, &["b:accepted"]);
    told["partial"] = true.into();
    told["recipients"] = json!([
        {"email": "x@a.example", "outcome": "accepted", "retryable": false},
        {"email": "y@a.example", "outcome": "deferred", "retryable": true},
    ]);
    told
}

/// What a proxy would count that did as the ledger says.
const PAGE: &str = r#"smsp_attempts_total{upstream="a",outcome="accepted"} 3
smsp_attempts_total{upstream="a",outcome="unknown"} 4
smsp_attempts_total{upstream="a",outcome="account_refused"} 1
smsp_attempts_total{upstream="b",outcome="accepted"} 8
smsp_attempts_total{upstream="b",outcome="message_rejected"} 1
smsp_attempts_total{upstream="b",outcome="unknown"} 2
smsp_attempts_total{upstream="c",outcome="accepted"} 1
smsp_attempts_total{upstream="c",outcome="unknown"} 2
smsp_routed_total{upstream="b",rule="offer"} 1
smsp_requests_total{path="/email",status="200"} 13
smsp_requests_total{path="/email",status="422"} 2
smsp_requests_total{path="/email",status="504"} 8
smsp_unknown_total 7
smsp_replayed_total 3"#;

fn rules(ledger: &Ledger) -> Vec<Rule> {
    ledger.violations().iter().map(|violation| violation.rule).collect()
}

#[test]
fn only_a_call_that_was_given_up_may_arrive_after_the_next_one() {
    for (first, expected) in [("c:unknown:timeout", &[][..]), ("c:unknown:http_500", &[Rule::I7])] {
        let mut ledger = clean();
        let met = [(2, 3320, true, ACCEPTED), (2, 3330, false, UNKNOWN)];
        mail(&mut ledger, (3000, 3600, 200, told(None, &[first, "c:accepted"])), &met);
        last(&mut ledger).answer.json["attempts"][0]["duration_ms"] = 300.into();
        let mut found = ledger.violations();
        found.retain(|violation| !violation.what.contains("in the metrics"));
        found.dedup_by_key(|violation| violation.rule);
        assert_eq!(found.iter().map(|violation| violation.rule).collect::<Vec<_>>(), expected, "{first}: {found:#?}");
    }
}

#[test]
fn a_clean_ledger_passes() {
    let mut ledger = clean();
    ledger.metrics = Metrics::parse(PAGE);
    ledger.check();
}
