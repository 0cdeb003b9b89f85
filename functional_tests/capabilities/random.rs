//! Random mails to each provider alone: what its document does not allow is never handed over to it.
//!
//! Each answer is a 200, for a mail that the stub took by the provider's rules, or `not-capable` without a call. The seed
//! stands in what a failing test shows; `SMSP_TEST_SEED` repeats it.

mod mails;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::Value;
use smsp::delivery::provider::Kind;

use crate::harness::seed::seed;
use crate::harness::{Answer, Proxy, StubProvider, documents, kinds};
use mails::Mails;

/// Mails to each kind.
const MAILS: usize = 300;

/// What came of the mails to one kind.
#[derive(Default)]
struct Tally {
    taken: usize,
    passed_over: usize,
    /// Refused by ourselves as no valid message.
    invalid: usize,
    /// By what is wrong: how often, and the first such mail.
    violations: BTreeMap<String, (usize, Value)>,
}

async fn tally(kind: &'static Kind, seed: u64) -> Tally {
    let (stub, calls) = (StubProvider::mailgun().await, Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&calls);
    stub.follows(move |request| {
        counted.fetch_add(1, Ordering::SeqCst);
        documents::acceptance(kind.name, request).into()
    });
    let settings = kinds::alone(kind, &stub.url()).patient_circuits().with("SMSP_MAX_RECIPIENTS", "2000");
    // This test is about what a stub refuses: on a machine that is busy, none of its answers may count as late.
    let settings = settings.with("SMSP_ATTEMPT_TIMEOUT", "60s").with("SMSP_REQUEST_DEADLINE", "60s");
    let proxy = Proxy::start(settings).await;
    let (mut tally, mut mails) = (Tally::default(), Mails::new(seed));
    for _ in 0..MAILS {
        let mail = mails.next();
        let before = calls.load(Ordering::SeqCst);
        let answer = proxy.client.send(&mail).await;
        let called = calls.load(Ordering::SeqCst) > before;
        if let Some(wrong) = tally.count(&answer, called, stub.take_broken_rules().pop()) {
            tally.violations.entry(wrong).or_insert((0, mail)).0 += 1;
        }
    }
    tally
}

impl Tally {
    /// What is wrong with this answer, if anything is.
    fn count(&mut self, answer: &Answer, called: bool, broken: Option<String>) -> Option<String> {
        let problem = answer.json["type"].as_str().unwrap_or_default();
        match (answer.status, problem, called, broken) {
            (_, _, _, Some(rule)) => return Some(rule),
            (200, _, true, None) => self.taken += 1,
            (422, "urn:smsp:problem:not-capable", false, None) => self.passed_over += 1,
            (422, "urn:smsp:problem:invalid-message", false, None) => self.invalid += 1,
            _ => return Some(format!("{answer}")),
        }
        None
    }
}

#[tokio::test]
async fn random_mails_break_no_rule_of_a_providers_document() {
    let seed = seed();
    let tallies = kinds::over_http().map(async |kind| (kind.name, tally(kind, seed).await));
    let mut wrong = Vec::new();
    for (kind, tally) in join_all(tallies).await {
        let Tally { taken, passed_over, invalid, violations } = tally;
        eprintln!("{kind}: {taken} taken, {passed_over} passed over, {invalid} invalid, seed {seed}");
        assert!(taken > MAILS / 50 && passed_over > 0 && invalid < MAILS / 2, "{kind} shows nothing");
        wrong.extend(
            violations.into_iter().map(|(rule, (times, mail))| format!("{kind}, {times} times: {rule}\n{mail}")),
        );
    }
    assert!(wrong.is_empty(), "SMSP_TEST_SEED={seed}\n{}", wrong.join("\n"));
}
