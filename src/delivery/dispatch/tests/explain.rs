//! What is explained of a mail is what happens to it, over random nodes.

mod drawn;
mod node;
mod rates;
mod shares;

use std::collections::BTreeSet;

use proptest::prelude::{TestCaseError, prop_assert, prop_assert_eq, proptest};

use super::super::fixture::submission;
use super::*;
use crate::delivery::routing::Availability;
use crate::model::message::key::IdempotencyKey;
use crate::model::submission::Submission;
use drawn::{author, node};
use node::{Node, block_on};

fn submitted(author: &str, key: Option<u32>) -> Submission {
    let key = key.map(|key| IdempotencyKey::new("caller", &key.to_string()));
    submission(mail(author), SendOptions { key, ..SendOptions::default() })
}

/// Those of the plan that take the mail.
fn taking(plan: &[ExplainedPlace]) -> impl Iterator<Item = &ExplainedPlace> {
    plan.iter().filter(|place| !matches!(place.availability, Availability::LeftOut(_)))
}

/// The upstream that the mail is handed to first.
fn first_attempt(answer: Answer) -> Option<String> {
    let attempts = answer.map_or_else(|error| error.attempts, |receipt| receipt.attempts);
    attempts.into_iter().find(|attempt| attempt.took.is_some()).map(|attempt| attempt.upstream.to_string())
}

async fn explained_and_sent(node: &Node, author: &str, key: Option<u32>) -> Result<(), TestCaseError> {
    let fixture = node.start(1).await;
    let submission = submitted(author, key);
    let explanation = fixture.dispatcher.explain(&submission);
    let answer = fixture.dispatcher.send(&submission, None).await;
    prop_assert_eq!(explanation.is_offered(), answer.is_ok(), "every upstream takes what it is offered");
    let rule = answer.as_ref().map_or_else(|error| error.rule.clone(), |receipt| receipt.rule.clone());
    prop_assert_eq!(&explanation.rule, &rule);
    let Some(first) = first_attempt(answer) else { return Ok(()) };
    prop_assert!(node.rule_allows(&first, author), "{:?} is outside of {:?}", first, node);
    let plan = &explanation.plan;
    let place = plan.iter().find(|place| *place.upstream == *first).expect("every upstream has a place");
    prop_assert!(!matches!(place.availability, Availability::LeftOut(_)), "{:?} got the mail: {:?}", first, plan);
    prop_assert!(place.share > 0.0, "{:?} got the mail: {:?}", first, plan);
    if key.is_some() || node.keeps_one_order(author) {
        // The mail may be in the share of one that ramps and is preferred: then its own share is above 0.
        let is_in_share = key.is_none() && place.availability == Availability::Ramping;
        let expected = taking(plan).next().map(|place| place.upstream.to_string());
        prop_assert!(is_in_share || Some(&first) == expected.as_ref(), "{:?} got the mail: {:?}", first, plan);
    }
    Ok(())
}

proptest! {
    #[test]
    fn first_attempt_of_a_mail_is_the_one_that_was_explained(node in node(), author in author(), key: u32) {
        block_on(async {
            explained_and_sent(&node, author, Some(key)).await?;
            explained_and_sent(&node, author, None).await
        })?;
    }

    #[test]
    fn every_upstream_has_one_place_and_the_shares_add_up(node in node(), author in author(), key: Option<u32>) {
        block_on(async {
            let explanation = node.start(0).await.dispatcher.explain(&submitted(author, key));
            let names: BTreeSet<_> = explanation.plan.iter().map(|place| &place.upstream).collect();
            prop_assert_eq!((names.len(), explanation.plan.len()), (node.upstreams(), node.upstreams()));
            let shares: f64 = explanation.plan.iter().map(|place| place.share).sum();
            let expected = f64::from(u8::from(explanation.is_offered()));
            prop_assert!((shares - expected).abs() < 1e-9, "{:?}", explanation);
            let first_left_out = explanation.plan.iter().position(|place| matches!(place.availability, Availability::LeftOut(_)));
            prop_assert_eq!(first_left_out.unwrap_or(names.len()), taking(&explanation.plan).count(), "{:?}", explanation);
            Ok(())
        })?;
    }

    #[test]
    fn explaining_leaves_no_trace(node in node(), author in author(), keys: [Option<u32>; 3]) {
        block_on(async {
            let fixture = node.start(0).await;
            let before = everything(&fixture);
            for key in keys {
                fixture.dispatcher.explain(&submitted(author, key));
            }
            prop_assert_eq!(before, everything(&fixture));
            Ok(())
        })?;
    }
}

/// All that a mail could change: circuits and their windows, held senders, tokens, places in flight, mails of the last
/// minute, metrics, turns and adaptive shares.
fn everything(fixture: &Fixture) -> Vec<String> {
    let upstream = |upstream: &Arc<Upstream>| {
        let (snapshot, counts) = (upstream.snapshot(), upstream.counts());
        let (tokens, in_flight, mails) =
            (upstream.tokens_left(), upstream.in_flight(), upstream.mails_of_last_minute());
        let (held, history) = (upstream.held_senders(), upstream.history());
        format!("{snapshot:?} {counts:?} {held:?} {tokens:?} {in_flight} {mails} {:?}", *history.borrow())
    };
    let Dispatcher { routes, adaptive, .. } = &*fixture.dispatcher;
    let shares = adaptive.iter().flat_map(|adaptive| (0..fixture.upstreams.len()).map(|index| adaptive.share(index)));
    let page = fixture.metrics.render();
    // What the system counts goes on.
    let page: String = page.lines().filter(|line| !line.contains("process_")).collect();
    let rest = [page, format!("{:?} {:?}", routes.load().turns, shares.collect::<Vec<_>>())];
    fixture.upstreams.iter().map(upstream).chain(rest).collect()
}

#[tokio::test(start_paused = true)]
async fn explained_mail_takes_no_place_in_flight() {
    let fixture = Fixture::tuned(
        Failover::Safe,
        Strategy::Priority,
        1,
        &[(Capabilities::ANY, &[Act::Say(Outcome::Accepted)])],
        |_, settings| settings.concurrency = 1,
    );
    let _explanations: Vec<_> = (0..3).map(|_| fixture.dispatcher.explain(&submitted("a@example.org", None))).collect();
    assert!(fixture.send().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn open_circuit_has_its_reason_and_the_wait_of_retry_after() {
    let fixture = Fixture::new(Failover::Safe, &[&[Act::Say(Outcome::Unavailable)]]);
    assert_eq!(fixture.failure().await, Failure::Refused { retryable: true });
    fixture.upstreams[0].schedule_probe(300 * SECOND);
    let place = |fixture: &Fixture| fixture.dispatcher.explain(&submitted("a@example.org", None)).plan.remove(0);
    let open = place(&fixture);
    assert_eq!((open.detail.as_deref(), open.next_probe), (Some("consecutive_failures"), Some(300 * SECOND)));
    assert_eq!(fixture.failure().await, Failure::NotNow { retry_after: 300 * SECOND });
    assert!(fixture.upstreams[0].override_circuit(Override::Open));
    let forced = place(&fixture);
    assert_eq!((forced.detail.as_deref(), forced.next_probe), (Some("override"), None), "no probe ends an order");
    assert!(fixture.upstreams[0].override_circuit(Override::Closed));
    let forced = place(&fixture);
    assert_eq!((forced.availability, forced.detail.as_deref()), (Availability::Ready, None));
}

#[tokio::test(start_paused = true)]
async fn adaptive_shares_are_those_that_the_next_mail_finds() {
    let slow = [Act::SayAfter(2 * SECOND, Outcome::Accepted); 9];
    let fast = [Act::Say(Outcome::Accepted); 9];
    let scripts = [(Capabilities::ANY, &slow[..]), (Capabilities::ANY, &fast[..])];
    let fixture = Fixture::of(Failover::Safe, Strategy::Adaptive, 1, &scripts);
    while fixture.calls().contains(&0) {
        assert!(fixture.send().await.is_ok());
    }
    tokio::time::advance(SECOND / 2).await;
    let shown = fixture.dispatcher.explain(&submitted("a@example.org", None)).plan;
    assert_eq!((&*shown[0].upstream, shown[0].share > 0.5), ("u1", true), "{shown:?}");
    let adaptive = fixture.dispatcher.adaptive.as_ref().expect("shares adapt");
    assert!((adaptive.share(1) - shown[0].share).abs() > 0.01, "the share has not been moved: {shown:?}");
    adaptive.step();
    assert!((adaptive.share(1) - shown[0].share).abs() < 1e-9, "{shown:?} {}", adaptive.share(1));
}
