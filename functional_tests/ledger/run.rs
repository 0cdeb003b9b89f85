//! Runs a scenario: callers that send one mail after the other until all are sent, and the ledger of it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::caller::{self, Caller};
use super::environment::{NAMES, Stage};
use super::lag::Meter;
use super::record::{Cut, Failover, Ledger, Sent};
use super::scenario::{Circuits, Form, Port, Scenario};
use super::{concurrent_repeats, hang_up, later_repeats, mail, slow_uploads};
use crate::harness::Gate;

/// Up to four of these before each mail, so that circuits have the time to open and to recover.
const PAUSE: Duration = Duration::from_millis(5);

/// When things happened that are nobody's fault.
pub(crate) struct Times {
    pub(crate) meter: Meter,
    pub(crate) cuts: Vec<Cut>,
}

/// What was answered, and what went wrong with the rest.
#[derive(Default)]
pub(crate) struct Answered {
    pub(crate) sent: Vec<Sent>,
    pub(crate) repeats: Vec<Sent>,
    pub(crate) reused: Vec<Sent>,
    pub(crate) unanswered: Vec<String>,
}

impl Answered {
    pub(crate) fn absorb(&mut self, other: Self) {
        self.sent.extend(other.sent);
        self.repeats.extend(other.repeats);
        self.reused.extend(other.reused);
        self.unanswered.extend(other.unanswered);
    }
}

/// The same, but judged as if its circuits had been these.
pub(crate) async fn judged_as(scenario: &Scenario, circuits: Circuits) -> Ledger {
    let meter = Meter::start();
    let stage = Stage::set(scenario, None).await;
    let answered = load(scenario, &stage, 0..scenario.mails).await;
    close(&Scenario { circuits, ..scenario.clone() }, stage, answered, Times { meter, cuts: Vec::new() }).await
}

/// From the first mail to the ledger.
pub(crate) async fn run(scenario: &Scenario) -> Ledger {
    match scenario.form {
        Form::Load => steadily(scenario).await,
        Form::HangUps => hang_up::run(scenario).await,
        Form::Twins => concurrent_repeats::run(scenario).await,
        Form::Slow => slow_uploads::run(scenario).await,
    }
}

async fn steadily(scenario: &Scenario) -> Ledger {
    let (meter, stop) = (Meter::start(), Gate::shut());
    let mut stage = Stage::set(scenario, None).await;
    if scenario.port == Port::Flapping {
        stage.flaps(stop.clone());
    }
    let answered = load(scenario, &stage, 0..scenario.mails).await;
    stop.open();
    let cuts = stage.cuts().await;
    close(scenario, stage, answered, Times { meter, cuts }).await
}

/// Makes the ledger when all is over.
pub(crate) async fn close(scenario: &Scenario, stage: Stage, answered: Answered, times: Times) -> Ledger {
    let Answered { sent, repeats, reused, unanswered } = answered;
    let mut states = Vec::new();
    for name in NAMES {
        states.push(stage.proxy.client.state(name).await);
    }
    Ledger {
        sent,
        repeats,
        reused,
        cut_off: Vec::new(),
        rates: BTreeMap::new(),
        hung_up: Vec::new(),
        unfinished: 0,
        unanswered,
        cuts: times.cuts,
        one_was_up: scenario.one_is_up(),
        refuses_mails_alone: scenario.refuses_mails_alone(),
        states,
        deadline: scenario.deadline,
        lags: times.meter.lags(),
        metrics: stage.proxy.client.metrics().await,
        accounts: stage.accounts(scenario),
    }
}

/// Sends all these mails.
pub(crate) async fn load(scenario: &Scenario, stage: &Stage, mails: Range<usize>) -> Answered {
    let next = Arc::new(AtomicUsize::new(mails.start));
    let mut callers = JoinSet::new();
    for _ in 0..scenario.callers {
        callers.spawn(work(scenario.clone(), Caller::new(stage.proxy.api), next.clone()));
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
            sleep(PAUSE * u32::try_from(scenario.dice.roll("pause", number, 5)).expect("small")).await;
        }
        let (failover, mut headers) = own_failover(&scenario, number);
        let (key, keyed) = (format!("key-{number}"), scenario.dice.roll("key", number, 3) == 0);
        if keyed {
            headers.push((later_repeats::KEY, &key));
        }
        let request = caller::request(number, &mail::numbered(number, &scenario).to_string(), &headers);
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
    let lower = [Failover::Never, Failover::Safe][scenario.dice.roll("which failover", number, 2)];
    match scenario.failover {
        Failover::Always if scenario.dice.roll("own failover", number, 4) == 0 => {
            (lower, vec![("x-smsp-failover", lower.word())])
        }
        operators => (operators, Vec::new()),
    }
}

/// Sends one mail, with the times at which that began and ended.
pub(crate) async fn send(
    caller: &mut Caller,
    number: usize,
    failover: Failover,
    request: &str,
) -> Result<Sent, String> {
    let (from, start) = (SystemTime::now(), Instant::now());
    let answer = caller.call(number, request).await?;
    let allowance = mail::allowance(request);
    Ok(Sent { number, failover, from, to: SystemTime::now(), took: start.elapsed(), keyed: false, allowance, answer })
}
