//! Callers that send one mail after the other until all are sent.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::answered::{Answered, send};
use super::caller::Caller;
use super::environment::Environment;
use super::record::{Failover, Sent};
use super::scenario::{Circuits, Scenario};
use super::{later_repeats, mail};

/// Up to four of these before each mail, so that circuits have the time to open and to recover.
const PAUSE: Duration = Duration::from_millis(5);

/// Sends all these mails.
pub(crate) async fn load(scenario: &Scenario, environment: &Environment, mails: Range<usize>) -> Answered {
    let next = Arc::new(AtomicUsize::new(mails.start));
    let mut callers = JoinSet::new();
    for _ in 0..scenario.callers {
        callers.spawn(work(scenario.clone(), Caller::new(environment.proxy.api), next.clone()));
    }
    let mut all = Answered::default();
    callers.join_all().await.into_iter().for_each(|answered| all.absorb(answered));
    all
}

async fn work(scenario: Scenario, mut caller: Caller, next: Arc<AtomicUsize>) -> Answered {
    let mut answered = Answered::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= scenario.mails {
            break;
        }
        if scenario.circuits == Circuits::Free {
            sleep(PAUSE * u32::try_from(scenario.rng.below("pause", number, 5)).expect("small")).await;
        }
        let (failover, mut headers) = own_failover(&scenario, number);
        let (key, keyed) = (format!("key-{number}"), scenario.rng.below("key", number, 3) == 0);
        if keyed {
            headers.push((later_repeats::KEY, &key));
        }
        let request = mail::request(number, &scenario, &headers);
        match send(&mut caller, number, failover, &request).await {
            Ok(sent) => {
                if keyed {
                    answered.absorb(later_repeats::repeat(&scenario, &mut caller, &sent, &request).await);
                }
                answered.sent.push(Sent { keyed, ..sent });
            }
            Err(why) => answered.unanswered.push(format!("mail {number} has no answer: {why}")),
        }
    }
    let surplus = caller.surplus().await;
    if !surplus.is_empty() {
        answered.unanswered.push(format!("a second answer: {}", String::from_utf8_lossy(&surplus)));
    }
    answered
}

/// Some callers want less than the operator allows.
fn own_failover<'a>(scenario: &Scenario, number: usize) -> (Failover, Vec<(&'a str, &'a str)>) {
    let lower = [Failover::Never, Failover::Safe][scenario.rng.below("which failover", number, 2)];
    match scenario.failover {
        Failover::Always if scenario.rng.below("own failover", number, 4) == 0 => {
            (lower, vec![("x-smsp-failover", lower.word())])
        }
        operators => (operators, Vec::new()),
    }
}
