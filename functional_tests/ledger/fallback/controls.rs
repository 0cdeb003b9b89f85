//! The checker itself: a clean run passes, and a violation of each rule that is planted into it is found.

mod builder;
mod plants;

use std::collections::BTreeMap;

use super::super::record::Failover;
use super::super::rule::Rule;
use super::call::Life;
use super::history::{History, Run, StoreOutage};
use super::rules::violations;
use crate::harness::metrics::Metrics;
use builder::{ACCEPTED, REFUSED, UNKNOWN, accepted, at, mail, none, queued, unknown};

/// What the first node would count that did as the run says; the second one has queued nothing.
const PAGE: &str = r#"smsp_outbox_fallbacks_total{result="queued"} 3
smsp_outbox_fallbacks_total{result="repeated"} 1"#;

/// No provider is up from 1000 to 1200; else the last one takes all mail.
fn clean() -> Run {
    let life = |node, number| Life { node, number };
    let metrics = [(life(0, 1), PAGE), (life(1, 1), "")].map(|(life, page)| (life, Metrics::parse(page)));
    Run {
        mails: told_at_once().into_iter().chain(told_of_doubt()).collect(),
        falls_back: true,
        one_takes_all: true,
        outages: vec![[at(1000), at(1200)]],
        store_outages: vec![StoreOutage { order: at(1_000_000), away: at(1_000_005), back: at(1_000_100) }],
        metrics: BTreeMap::from(metrics),
        counts: [("accepted", 2), ("cancelled", 1), ("unknown", 1)]
            .map(|(status, count)| (status.to_owned(), count))
            .into_iter()
            .collect(),
    }
}

/// The first six mails.
fn told_at_once() -> Vec<History> {
    vec![
        mail(0).unkeyed().hears(0, (1, 5), accepted("a")).meets("a", 3, ACCEPTED, true),
        mail(1)
            .hears(0, (1, 5), accepted("b"))
            .meets("a", 2, REFUSED, false)
            .meets("b", 3, ACCEPTED, true)
            .hears(1, (6, 7), accepted("b").replayed())
            .looked_at("accepted", "b"),
        mail(2)
            .hears(0, (1100, 1150), queued())
            .hears(1, (1151, 1160), queued().replayed())
            .meets("b", 1300, ACCEPTED, true)
            .hears(1, (1400, 1410), accepted("b").replayed())
            .in_outbox("accepted", "accepted", &[(1120, Some("unavailable")), (1300, Some("accepted"))]),
        mail(3).preferring_the_outbox().hears(0, (1, 5), queued().at_once()).in_outbox("cancelled", "none", &[]).hears(
            0,
            (9, 10),
            none(502, "refused").replayed(),
        ),
        mail(4)
            .hears(0, (1, 5), unknown())
            .meets("a", 3, UNKNOWN, true)
            .hears(1, (6, 7), unknown().replayed())
            .looked_at("unknown", "a"),
        mail(5)
            .hears(0, (1, 9), accepted("a"))
            .hears(1, (2, 3), none(409, "idempotency-key-in-flight").later())
            .meets("a", 5, ACCEPTED, true)
            .looked_at("accepted", "a"),
    ]
}

/// The others: of lost nodes, refusals, doubts and stores that were away.
fn told_of_doubt() -> Vec<History> {
    vec![
        mail(6)
            .cut_off(1, (1, 5))
            .meets("a", 3, UNKNOWN, false)
            .hears(0, (6, 7), none(409, "idempotency-key-in-flight").later())
            .hears(0, (8, 9), unknown())
            .looked_at("unknown", "a"),
        mail(7)
            .hears(0, (1, 5), none(422, "message-rejected"))
            .meets("a", 3, &["message_rejected"], false)
            .hears(1, (6, 9), accepted("a"))
            .meets("a", 8, ACCEPTED, true)
            .looked_at("accepted", "a"),
        mail(8)
            .hears(0, (1, 5), unknown())
            .meets("c", 3, UNKNOWN, true)
            .hears(1, (6, 9), accepted("c"))
            .meets("c", 8, ACCEPTED, false)
            .looked_at("accepted", "c"),
        mail(9)
            .hears(0, (1100, 1150), queued())
            .meets("b", 1300, UNKNOWN, true)
            .in_outbox("unknown", "unknown", &[(1300, None)])
            .hears(0, (1400, 1410), unknown().replayed()),
        mail(10).unkeyed().never_queued().hears(0, (1100, 1150), none(503, "temporarily-unavailable").later()),
        mail(11)
            .with_failover(Failover::Never)
            .hears(0, (1, 5), queued())
            .meets("a", 3, REFUSED, false)
            .meets("a", 900, ACCEPTED, true)
            .in_outbox("accepted", "accepted", &[(3, Some("account_refused")), (900, Some("accepted"))]),
        mail(12)
            .hears(0, (999_990, 1_000_010), accepted("a"))
            .meets("a", 999_995, ACCEPTED, true)
            .hears(0, (1_000_020, 1_000_021), none(503, "store-unavailable").later())
            .hears(0, (1_009_000, 1_009_100), unknown().replayed())
            .looked_at("unknown", "a"),
    ]
}

#[test]
fn a_clean_run_passes() {
    let found = violations(&clean());
    assert!(found.is_empty(), "{found:#?}");
}

/// The sums speak of a run without plants, so they are left out of the others.
#[test]
fn every_planted_violation_is_found() {
    for (rule, named, plant) in plants::PLANTS {
        let mut run = clean();
        plant(&mut run);
        let mut found = violations(&run);
        found.retain(|violation| violation.rule != Rule::F13 || *rule == Rule::F13);
        let is_named = found.iter().any(|violation| violation.what.contains(named));
        let alone = found.iter().all(|violation| violation.rule == *rule);
        assert!(is_named && alone, "{rule:?} {named}: {found:#?}");
    }
}
