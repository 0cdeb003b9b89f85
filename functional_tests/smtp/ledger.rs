//! The ledger of a relay: whatever it does at whatever point of the conversation, with whichever recipient, every answer
//! is right about the mail, nothing is sent twice, and a repeat under the same key hears what became of the first call.

mod faulty_relay;
mod refusals;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt, stream};
use serde_json::json;

use super::relay;
use crate::harness::wait::when;
use crate::harness::{Answer, Proxy, Reply, StubProvider, eventually, mails};
use crate::ledger::fates::{Fate, Fates};
use crate::ledger::partial;
use crate::ledger::record::Sent;
use crate::ledger::retry_advice;
use faulty_relay::{FAULTS, Fault, fates, number};

const MAILS: usize = 266;

/// What is wrong with the answer to a mail that so many have kept.
fn fault(answer: &Answer, copies: usize, fault: &Fault) -> Option<&'static str> {
    let ambiguous = fault.at == "." && (fault.says.is_none() || fault.late);
    match (answer.status, answer.json["delivery"].as_str()) {
        (200, Some("accepted")) => (copies != 1).then_some("I1: accepted, they say"),
        (_, Some("none")) => (copies > 0).then_some("I3: nowhere, they say"),
        (504, Some("unknown")) if !ambiguous => Some("I7: unknown without a cause"),
        (504, Some("unknown")) => (copies > 1).then_some("I2: twice"),
        _ => Some("answered strangely"),
    }
}

/// What is wrong with what it says of recipients, where the relay has kept the mail for these alone.
fn of_recipients(answer: &Answer, number: usize, kept: &[BTreeSet<String>]) -> Vec<String> {
    let taken = kept.last().filter(|_| answer.json["provider"] == "smtp");
    let fate = |(email, fate): (String, Fate), taken: &BTreeSet<String>| {
        // What it has kept counts, not what it was to do.
        assert_eq!(fate == Fate::Taken, taken.contains(&email), "the relay of mail {number} is wrong about {email}");
        (email, fate)
    };
    let fates =
        taken.map(|taken| Fates { of: fates(number).of.into_iter().map(|of| fate(of, taken)).collect(), tells: true });
    partial::faults(answer, fates.as_ref())
}

/// One mail, and under its key once more where somebody has it or may have it.
async fn send(proxy: &Proxy, number: usize) -> (usize, Answer, Option<Answer>) {
    let mut mail = mails::but("from", json!(format!("sender@d{number}.example.com")));
    mail["to"] = fates(number).of.keys().cloned().collect();
    let (id, key) = (number.to_string(), format!("key-{number}"));
    let headers = [("x-request-id", id.as_str()), ("idempotency-key", key.as_str())];
    let call = async || proxy.client.send_with(&mail, &headers).await;
    let first = call().await;
    if first.json["delivery"] == "none" {
        return (number, first, None);
    }
    let repeat = match faulty_relay::fault(number, &FAULTS).late && first.status == 504 {
        false => call().await,
        true => {
            eventually("a repeat hears the late verdict", async || {
                let answer = call().await;
                when(answer.status == 200, || answer.to_string()).map(|()| answer)
            })
            .await
        }
    };
    (number, first, Some(repeat))
}

/// What is wrong with a repeat: it hears the same again, or the verdict that came late.
fn of_repeat(first: &Answer, repeat: &Answer, fault: &Fault) -> Option<&'static str> {
    let replayed = repeat.header("idempotency-replayed") == Some("true");
    let same = (first.status, &first.json) == (repeat.status, &repeat.json);
    let late = fault.late && first.status == 504 && repeat.status == 200 && first.json["id"] == repeat.json["id"];
    (!replayed || !(same || late)).then_some("I8: its repeat heard something else")
}

#[tokio::test]
async fn whatever_a_relay_does_every_answer_is_right_and_nothing_is_sent_twice() {
    let ((port, kept), sendgrid) = (faulty_relay::start(&FAULTS).await, StubProvider::sendgrid().await);
    sendgrid.does(Reply::sendgrid_accepts().into());
    let settings = relay(&port).sendgrid(&sendgrid.url()).with("SMSP_PROVIDERS", "smtp,sg");
    let proxy = Proxy::start(settings.with("SMSP_SMTP_ATTEMPT_TIMEOUT", "2s")).await;
    proxy.client.order("smtp", &json!({"override": "closed"})).await.expect(200);
    let answers: Vec<_> =
        stream::iter(0..MAILS).map(|number| send(&proxy, number)).buffer_unordered(24).collect().await;
    let kept = kept.lock().expect("no panic").clone();
    let mut elsewhere = BTreeMap::<_, usize>::new();
    sendgrid.mails().iter().filter_map(|mail| number(&mail.text())).for_each(|n| *elsewhere.entry(n).or_default() += 1);
    let (mut wrong, mut told, mut in_part) = (Vec::new(), 0, 0);
    for (number, answer, repeat) in answers {
        let here = kept.get(&number).map(Vec::as_slice).unwrap_or_default();
        let copies = here.len() + elsewhere.get(&number).copied().unwrap_or_default();
        told += usize::from(answer.attempts().contains(&"smtp:accepted".to_owned()));
        in_part += usize::from(answer.json["partial"] == true);
        let fault_of = faulty_relay::fault(number, &FAULTS);
        let found = fault(&answer, copies, fault_of).map(str::to_owned);
        let mut found: Vec<_> = found.into_iter().chain(of_recipients(&answer, number, here)).collect();
        if let Some(repeat) = repeat {
            found.extend(of_repeat(&answer, &repeat, fault_of).map(|fault| format!("{fault}: {repeat}")));
            found.extend(of_recipients(&repeat, number, here));
        }
        let sent = Sent::plain(number, [SystemTime::now(); 2], Duration::ZERO, answer);
        found.extend(retry_advice::fault(&sent).map(str::to_owned));
        wrong.extend(found.iter().map(|fault| format!("mail {number} {fault}, {copies} copies\n{}", sent.answer)));
    }
    assert!(wrong.is_empty(), "{} violations\n{}", wrong.len(), wrong.join("\n"));
    let counted = proxy.client.metrics().await;
    let count = |outcome| counted.count("smsp_attempts_total", &[("upstream", "smtp"), ("outcome", outcome)]);
    let expected = (told as u64, true, true);
    assert_eq!((count("accepted"), told > 0, in_part > 0), expected, "I6\n{}", counted.page);
}
