//! Violations, each planted alone: the checker names the rule, and no other.

use serde_json::json;

use super::super::super::rule::Rule;
use super::super::history::Run;
use super::builder::{ACCEPTED, REFUSED, UNKNOWN, accepted, answer, mail, none, queued, unknown};
use crate::harness::metrics::Metrics;

/// Adds a violation to a clean run.
type Plant = fn(&mut Run);

/// In an outage, so that a mail may be queued.
const DURING: (u64, u64) = (1100, 1150);

/// What is planted, and what the checker says of it.
pub(super) const PLANTS: &[(Rule, &str, Plant)] = &[
    (Rule::F1, "by one that does not have it", |run| run.mails.push(mail(20).hears(0, (1, 5), accepted("a")))),
    (Rule::F1, "by one that does not have it", |run| {
        run.mails.push(mail(20).hears(0, (1, 5), accepted("a")).meets("b", 3, ACCEPTED, true));
    }),
    (Rule::F2, "cannot be looked at", |run| run.mails.push(mail(20).hears(0, DURING, queued()))),
    (Rule::F2, "is lost", |run| {
        let mut lost = mail(20).hears(0, DURING, queued());
        lost.outbox = Some(answer(404, json!({})));
        run.mails.push(lost);
    }),
    (Rule::F2, "is lost", |run| {
        let sent = mail(20).hears(0, DURING, queued()).in_outbox("accepted", "accepted", &[]);
        run.mails.push(sent);
    }),
    (Rule::F2, "they say that nobody has it", |run| {
        let denied = mail(20).hears(0, DURING, queued()).meets("a", 1300, ACCEPTED, true);
        run.mails.push(denied.in_outbox("refused", "none", &[]));
    }),
    (Rule::F2, "was not there a moment later", |run| {
        let mut late = mail(20).hears(0, DURING, queued()).in_outbox("queued", "queued", &[]);
        late.looks.push(answer(404, json!({})));
        run.mails.push(late);
    }),
    (Rule::F3, "is nowhere, they say", |run| {
        let denied = mail(20).hears(0, (1, 5), none(422, "message-rejected"));
        run.mails.push(denied.meets("a", 3, &["message_rejected"], true));
    }),
    (Rule::F3, "is nowhere, they say", |run| {
        let denied = mail(20).hears(0, (1, 5), none(422, "message-rejected")).meets("a", 3, REFUSED, true);
        run.mails.push(denied.hears(1, (6, 9), unknown()));
    }),
    (Rule::F4, "was taken more than once", |run| {
        let twice = mail(20).unkeyed().hears(0, (1, 5), accepted("c"));
        run.mails.push(twice.meets("c", 3, ACCEPTED, true).meets("c", 4, ACCEPTED, true));
    }),
    (Rule::F5, "was handed over again", |run| {
        let again = mail(20).unkeyed().hears(0, (1, 5), accepted("b"));
        run.mails.push(again.meets("a", 3, UNKNOWN, false).meets("b", 4, ACCEPTED, true));
    }),
    (Rule::F5, "was handed over again", |run| {
        let again = mail(20).cut_off(0, (1, 5)).meets("a", 3, UNKNOWN, false);
        run.mails.push(again.hears(1, (6, 9), accepted("a")).meets("a", 8, ACCEPTED, true));
    }),
    (Rule::F6, "under one key", |run| {
        let twice = mail(20).hears(0, (1, 5), accepted("c")).meets("c", 3, ACCEPTED, true);
        run.mails.push(twice.hears(1, (6, 9), accepted("c")).meets("c", 8, ACCEPTED, true));
    }),
    (Rule::F6, "has several ids", |run| {
        let two = mail(20).hears(0, (1, 5), accepted("c")).meets("c", 3, ACCEPTED, true);
        run.mails.push(two.hears(1, (6, 9), accepted("c").having("id", "2")));
    }),
    (Rule::F7, "was accepted, and its repeat hears less", |run| {
        let less = mail(20).hears(0, (1, 5), accepted("a")).meets("a", 3, ACCEPTED, true);
        run.mails.push(less.hears(1, (6, 9), none(422, "message-rejected")));
    }),
    (Rule::F7, "was accepted, and its repeat hears less", |run| {
        let less = mail(20).hears(0, (1, 5), accepted("a")).meets("a", 3, ACCEPTED, true);
        run.mails.push(less.hears(1, (6, 9), unknown()));
    }),
    (Rule::F7, "was queued, and is nowhere for its repeat", |run| {
        let less = mail(20).hears(0, DURING, queued()).in_outbox("queued", "queued", &[]);
        run.mails.push(less.hears(1, (1200, 1201), none(422, "message-rejected")));
    }),
    (Rule::F7, "was unknown, and is nowhere for its repeat", |run| {
        let less = mail(20).hears(0, (1, 5), unknown());
        run.mails.push(less.hears(1, (6, 9), none(422, "message-rejected")));
    }),
    (Rule::F8, "no other call of it is", |run| {
        let alone = mail(20).hears(1, (1, 5), none(409, "idempotency-key-in-flight").later());
        run.mails.push(alone.hears(0, (6, 9), accepted("a")).meets("a", 8, ACCEPTED, true));
    }),
    (Rule::F8, "no other call of it is", |run| {
        let here = mail(20).hears(0, (1, 9), accepted("a")).meets("a", 8, ACCEPTED, true);
        run.mails.push(here.hears(0, (2, 3), none(409, "idempotency-key-in-flight").later()));
    }),
    (Rule::F8, "they do not say what that means", |run| {
        let mute = mail(20).hears(0, (1, 9), accepted("a")).meets("a", 8, ACCEPTED, true);
        run.mails.push(mute.hears(1, (2, 3), none(409, "idempotency-key-in-flight")));
    }),
    (Rule::F8, "in flight for ever", |run| {
        run.mails.push(mail(20).cut_off(0, (1, 5)).hears(1, (6, 9), none(409, "idempotency-key-in-flight").later()));
    }),
    (Rule::F9, "against the will", |run| run.falls_back = false),
    (Rule::F9, "against the will", |run| {
        run.mails.push(mail(20).never_queued().hears(0, DURING, queued()).in_outbox("queued", "queued", &[]));
    }),
    (Rule::F10, "after a hand-over that may have succeeded", |run| {
        let after = mail(20).hears(0, DURING, queued()).in_outbox("queued", "queued", &[(1120, Some("unknown"))]);
        run.mails.push(after);
    }),
    (Rule::F10, "while an upstream took mail", |run| {
        run.mails.push(mail(20).hears(0, (1, 5), queued()).in_outbox("queued", "queued", &[]));
    }),
    (Rule::F11, "because of the providers", |run| {
        run.mails.push(mail(20).hears(0, DURING, none(503, "temporarily-unavailable").later()));
    }),
    (Rule::F11, "because of the providers", |run| {
        let mut refused = none(502, "refused");
        (refused.json["retryable"], refused.json["attempts"]) = (true.into(), json!([{"outcome": "unavailable"}]));
        run.mails.push(mail(20).hears(0, DURING, refused));
    }),
    (Rule::F11, "was not queued at once", |run| {
        let sent = mail(20).preferring_the_outbox().hears(0, (1, 5), accepted("a"));
        run.mails.push(sent.meets("a", 3, ACCEPTED, true));
    }),
    (Rule::F11, "was not queued at once", |run| {
        let mute = mail(20).preferring_the_outbox().hears(0, (1, 5), queued());
        run.mails.push(mute.in_outbox("queued", "queued", &[]));
    }),
    (Rule::F12, "something else than the last answer", |run| {
        let other = mail(20).hears(0, (1, 5), accepted("a")).meets("a", 3, ACCEPTED, true);
        run.mails.push(other.looked_at("unknown", "a"));
    }),
    (Rule::F12, "something else than the last answer", |run| {
        run.mails.push(mail(20).hears(0, (1, 5), unknown()).looked_at("none", "a"));
    }),
    (Rule::F12, "the outbox that may have had it has not", |run| {
        let mut unclear = unknown();
        unclear.json["type"] = "urn:smsp:problem:outbox-unknown".into();
        run.mails.push(mail(20).unkeyed().hears(0, DURING, unclear).looked_at("unknown", "a"));
    }),
    (Rule::F12, "at another upstream", |run| {
        let other = mail(20).hears(0, (1, 5), accepted("a")).meets("a", 3, ACCEPTED, true);
        run.mails.push(other.looked_at("accepted", "b"));
    }),
    (Rule::F12, "at another upstream", |run| {
        let other = mail(20).hears(0, DURING, queued()).meets("a", 1300, ACCEPTED, true);
        let mut other = other.hears(0, (1400, 1401), accepted("a").replayed()).in_outbox("accepted", "accepted", &[]);
        other.email = Some(answer(200, json!({"delivery": "accepted", "upstream": "b"})));
        run.mails.push(other);
    }),
    (Rule::F12, "something else than the outbox", |run| {
        let mut other = mail(20).hears(0, DURING, queued()).in_outbox("queued", "queued", &[]);
        other.email = Some(answer(200, json!({"delivery": "accepted"})));
        run.mails.push(other);
    }),
    (Rule::F13, "and 3 to 4 callers", |run| {
        let page = r#"smsp_outbox_fallbacks_total{result="queued"} 5"#;
        run.metrics.values_mut().take(1).for_each(|metrics| *metrics = Metrics::parse(page));
    }),
    (Rule::F13, "3 are accepted", |run| {
        run.counts = [("accepted", 3), ("cancelled", 1), ("unknown", 1)]
            .map(|(status, count)| (status.to_owned(), count))
            .into_iter()
            .collect();
    }),
    (Rule::F14, "while the store was away", |run| {
        let sent = mail(20).hears(0, (1_000_010, 1_000_020), accepted("a"));
        run.mails.push(sent.meets("a", 1_000_015, ACCEPTED, true));
    }),
    (Rule::F14, "while the store was away", |run| {
        let refused = mail(20).hears(0, (1_000_010, 1_000_020), none(503, "store-unavailable").later());
        run.mails.push(refused.meets("a", 1_000_015, REFUSED, false));
    }),
    (Rule::I5, "was answered strangely", |run| run.mails.push(mail(20).hears(0, (1, 5), answer(500, json!({}))))),
    (Rule::I5, "has a caller without an answer", |run| {
        let mut unanswered = mail(20);
        unanswered.unanswered.push("no answer".to_owned());
        run.mails.push(unanswered);
    }),
    (Rule::I9, "is not told when to come again", |run| {
        run.mails.push(mail(20).never_queued().hears(0, DURING, none(503, "temporarily-unavailable")));
    }),
];
