//! Callers who hang up: in the head, in the body, and while a provider holds its answer back.
//!
//! The outcome of a mail that was sent whole counts as if its caller had waited; half a mail was never sent.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::answered::{self, Answered};
use super::caller::Caller;
use super::collect::{self, Times};
use super::environment::Environment;
use super::lag::Meter;
use super::names::NAMES;
use super::record::{Arrival, Ledger, Sent};
use super::scenario::{Circuits, Scenario};
use super::{later_repeats, load, mail};
use crate::harness::wait::when;
use crate::harness::{Gate, eventually};

/// A third of the callers hang up at each of three points; then as many wait for their answers as usual.
pub(crate) async fn run(scenario: &Scenario) -> Ledger {
    let (meter, gate) = (Meter::start(), Gate::shut());
    let environment = Environment::start(scenario, Some(&gate)).await;
    let third = scenario.mails / 6;
    for number in 0..third * 2 {
        let share = if number < third { Part::Head } else { Part::Body };
        hang_up(&environment, scenario, number, share).await;
    }
    let whole: Vec<_> = (third * 2..third * 3).collect();
    let mut waiting = Vec::new();
    for number in &whole {
        waiting.push(hang_up(&environment, scenario, *number, Part::Whole).await);
    }
    let arrived = async || when(environment.arrived().len() >= whole.len(), || format!("{:?}", environment.arrived()));
    eventually("every mail that was sent whole arrives", arrived).await;
    for (stream, number) in waiting.into_iter().flatten().zip(&whole) {
        leave(stream, scenario, *number);
    }
    gate.open();
    is_over(&environment, &whole).await;
    let keyed: Vec<_> = whole.iter().copied().filter(|number| is_keyed(scenario, *number)).collect();
    let mut answered = hear_later(&environment, scenario, &keyed).await;
    answered.absorb(load::load(scenario, &environment, third * 3..scenario.mails).await);
    if scenario.circuits == Circuits::Free {
        heals(&environment).await;
    }
    let ledger = collect::close(scenario, environment, answered, Times { meter, cuts: Vec::new() }).await;
    Ledger { hung_up: whole, unfinished: third * 2, ..ledger }
}

/// No permit was lost: probes still go out, and close every circuit that is not.
async fn heals(environment: &Environment) {
    for name in NAMES {
        let closed = async || when(environment.proxy.client.state(name).await == "closed", String::new);
        eventually(&format!("the circuit of {name} closes"), closed).await;
    }
}

/// Every second one has a key.
fn is_keyed(scenario: &Scenario, number: usize) -> bool {
    scenario.rng.coin("key of who hangs up", number)
}

/// Repeats the calls whose callers hung up: each repeat gets the outcome of its mail.
async fn hear_later(environment: &Environment, scenario: &Scenario, mails: &[usize]) -> Answered {
    eventually("the answers that nobody waited for are held", async || {
        let metrics = environment.proxy.client.metrics().await;
        when(metrics.count("smsp_held_answers", &[]) == mails.len() as u64, || metrics.page)
    })
    .await;
    let (mut answered, mut caller) = (Answered::default(), Caller::new(environment.proxy.api));
    for &number in mails {
        match answered::send(&mut caller, number, scenario.failover, &request(scenario, number, Part::Whole)).await {
            Ok(repeat) => answered.repeats.push(Sent { keyed: true, ..repeat }),
            Err(why) => answered.unanswered.push(format!("repeat of mail {number}: {why}")),
        }
    }
    answered
}

fn request(scenario: &Scenario, number: usize, part: Part) -> String {
    let key = format!("key-{number}");
    let headers = [(later_repeats::KEY, key.as_str())];
    let keyed = part == Part::Whole && is_keyed(scenario, number);
    mail::request(number, scenario, if keyed { &headers } else { &[] })
}

/// How much of a request is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Head,
    Body,
    Whole,
}

/// Sends a part, and leaves unless it is the whole.
async fn hang_up(environment: &Environment, scenario: &Scenario, number: usize, part: Part) -> Option<TcpStream> {
    let request = request(scenario, number, part);
    let body = request.find("\r\n\r\n").expect("a head") + 4;
    let until = match part {
        Part::Head => 1 + scenario.rng.below("head", number, body - 2),
        Part::Body => body + scenario.rng.below("body", number, request.len() - body),
        Part::Whole => request.len(),
    };
    let mut stream = TcpStream::connect(environment.proxy.api).await.expect("the proxy takes connections");
    stream.write_all(&request.as_bytes()[..until]).await.expect("the proxy reads");
    if part == Part::Whole {
        return Some(stream);
    }
    leave(stream, scenario, number);
    None
}

/// In good order, or with a reset.
fn leave(stream: TcpStream, scenario: &Scenario, number: usize) {
    if scenario.rng.coin("reset", number) {
        stream.set_zero_linger().expect("a TCP stream can be told to reset");
    }
}

/// Returns once each of these mails has found its end, and every attempt is counted.
async fn is_over(environment: &Environment, mails: &[usize]) {
    eventually("the outcome of every mail is counted", async || {
        let arrived = environment.arrived();
        let ended = |arrival: &&Arrival| ["accepted", "unknown"].iter().any(|end| arrival.outcomes[0].starts_with(end));
        let ended = arrived.iter().filter(ended).count();
        let counted = environment.proxy.client.metrics().await.count("smsp_attempts_total", &[]);
        let over = ended == mails.len() && counted == arrived.len() as u64;
        when(over, || format!("{ended} of {} ended, {counted} of {} counted", mails.len(), arrived.len()))
    })
    .await;
}

impl Environment {
    /// Every mail that has arrived so far, anywhere.
    fn arrived(&self) -> Vec<Arrival> {
        self.providers.iter().flat_map(|(_, seen)| seen.all()).collect()
    }
}
