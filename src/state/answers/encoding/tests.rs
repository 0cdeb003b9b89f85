//! Every word there and back, ages that go on, and what no version may guess.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::model::outcome::{Code, Outcome, Reason, Subject};

const SUBJECTS: [Option<Subject>; 7] = [
    None,
    Some(Subject::Sender),
    Some(Subject::Recipient),
    Some(Subject::Content),
    Some(Subject::Size),
    Some(Subject::Account),
    Some(Subject::System),
];
const CODES: [Option<Code>; 4] =
    [None, Some(Code::Name("invalid_to")), Some(Code::Number(406)), Some(Code::Enhanced(5, 1, 1))];

fn id() -> Id {
    Uuid::from_u128(7).into()
}

fn reasons() -> impl Iterator<Item = Reason> {
    Reason::NAMED.into_iter().chain([Reason::Status(502), Reason::Smtp(451)])
}

/// Attempts that together have every word.
fn attempts(now: Instant) -> Vec<Attempt> {
    let attempt = |(number, reason): (usize, Reason)| {
        let outcome = Outcome::ALL[number % Outcome::ALL.len()];
        let recipient = Recipient { email: format!("{number}@example.org"), outcome, reason };
        Attempt {
            upstream: format!("u{number}").into(),
            verdict: Verdict {
                subject: SUBJECTS[number % SUBJECTS.len()],
                code: CODES[number % CODES.len()],
                provider_message_id: (number % 2 == 0).then(|| format!("<{number}@p>")),
                retry_after: (number % 3 == 0).then(|| Duration::from_secs(9)),
                recipients: vec![recipient; number % 3],
                ..Verdict::new(outcome, reason)
            },
            took: (number % 5 > 0).then(|| Duration::from_millis(12)),
            ended_at: now.into_std(),
            lookup: (number % 2 == 1).then(|| Box::new(("smsp_id", "x".to_owned()))),
        }
    };
    reasons().enumerate().map(attempt).collect()
}

fn answers(now: Instant) -> [Answer; 4] {
    let rule = Some(Arc::from("otp"));
    let failed = |failure| SendError { rule: rule.clone(), ..SendError::new(id(), failure, attempts(now)) };
    let receipt = Receipt { rule: rule.clone(), ..Receipt::new(id(), attempts(now)) };
    let unclear = Failure::QueueUnclear { retry_after: None };
    [Ok(receipt), Err(failed(Failure::Unknown)), Err(failed(Failure::Panicked)), Err(failed(unclear))]
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_read_as_it_was_written() {
    let now = Instant::now();
    for answer in answers(now) {
        let read = decode(id(), &encode(&answer, now), Duration::ZERO, now).expect("it can be read");
        assert_eq!(format!("{read:?}"), format!("{answer:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_age_of_an_attempt_goes_on_while_it_is_kept() {
    let (ended, second) = (Instant::now(), Duration::from_secs(1));
    let answer = Err(SendError::new(id(), Failure::Unknown, attempts(ended)));
    tokio::time::advance(3 * second).await;
    let bytes = encode(&answer, Instant::now());
    // Another process: what its clock says has nothing to do with that of the first.
    let later = ended + 100 * second;
    let Some(Err(error)) = decode(id(), &bytes, 20 * second, later) else { panic!("it can be read") };
    assert_eq!(later.into_std() - error.attempts[0].ended_at, 23 * second);
}

#[tokio::test(start_paused = true)]
async fn what_this_version_does_not_know_is_no_answer() {
    let now = Instant::now();
    let [_, answer, ..] = answers(now);
    let bytes = encode(&answer, now);
    let changed = |place: &str, value: Value| {
        let mut written: Value = serde_json::from_slice(&bytes).unwrap();
        *written.pointer_mut(place).unwrap_or_else(|| panic!("{place}")) = value;
        decode(id(), &serde_json::to_vec(&written).unwrap(), Duration::ZERO, now)
    };
    for (place, value) in [
        ("/version", json!(2)),
        ("/failure", json!("lost")),
        ("/attempts/1/outcome", json!("eaten")),
        ("/attempts/1/reason", json!("whim")),
        ("/attempts/1/subject", json!("weather")),
        ("/attempts/2/recipients/0/1", json!("eaten")),
    ] {
        assert!(changed(place, value).is_none(), "{place}");
    }
    assert!(decode(id(), b"", Duration::ZERO, now).is_none());
    assert!(changed("/attempts/1/code", json!("new_code")).is_some(), "a code is only shown");
}

#[test]
fn names_are_kept_once_and_not_without_bound() {
    let (first, second) = (kept_name("a-name-of-this-test"), kept_name("a-name-of-this-test"));
    assert!(std::ptr::eq(first.unwrap(), second.unwrap()));
    assert_eq!((kept_name(""), kept_name(&"x".repeat(101))), (None, None));
    let words: BTreeMap<_, _> =
        reasons().map(|reason| (reason.to_string(), words::reason(&reason.to_string()))).collect();
    assert!(words.iter().all(|(word, reason)| reason.is_some_and(|reason| reason.to_string() == *word)), "{words:?}");
}
