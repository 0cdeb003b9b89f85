//! Mails that are sent twice at once under one `Idempotency-Key`: one goes out, and both callers get the same answer, as
//! does a later repeat.
//!
//! Providers hold their answers back until the proxy has counted every second caller, for one who comes after the
//! first has its answer is promised nothing.

use std::collections::BTreeMap;

use tokio::task::JoinSet;

use super::answered::{self, Answered};
use super::caller::Caller;
use super::collect::{self, Times};
use super::environment::Environment;
use super::lag::Meter;
use super::record::{Ledger, Sent};
use super::scenario::Scenario;
use super::{later_repeats, mail};
use crate::harness::wait::when;
use crate::harness::{Gate, eventually};

/// So many mails are sent twice at most: each is two connections, and all of them come at once.
const MOST: usize = 60;

/// Every mail twice.
pub(crate) async fn run(scenario: &Scenario) -> Ledger {
    let (meter, gate) = (Meter::start(), Gate::shut());
    let environment = Environment::start(scenario, Some(&gate)).await;
    let pairs = (scenario.mails / 2).min(MOST);
    let mut sending = JoinSet::new();
    for number in (0..pairs).chain(0..pairs) {
        sending.spawn(send(scenario.clone(), Caller::new(environment.proxy.api), number));
    }
    eventually("every second caller waits with the first", async || {
        let waiting = environment.proxy.client.metrics().await.count("smsp_coalesced_total", &[]);
        when(waiting == pairs as u64, || format!("{waiting} of {pairs} wait"))
    })
    .await;
    gate.open();
    let mut answered = Answered::default();
    for called in sending.join_all().await {
        match called {
            Ok(sent) => answered.sent.push(Sent { keyed: true, ..sent }),
            Err(why) => answered.unanswered.push(why),
        }
    }
    let mut caller = Caller::new(environment.proxy.api);
    let firsts: BTreeMap<_, _> = answered.sent.iter().map(|sent| (sent.number, sent)).collect();
    let mut later = Answered::default();
    for (number, first) in firsts {
        later.absorb(later_repeats::repeat(scenario, &mut caller, first, &request(scenario, number)).await);
    }
    answered.absorb(later);
    collect::close(scenario, environment, answered, Times { meter, cuts: Vec::new() }).await
}

/// Both of a pair have the same request id, so that nothing in their answers differs.
async fn send(scenario: Scenario, mut caller: Caller, number: usize) -> Result<Sent, String> {
    answered::send(&mut caller, number, scenario.failover, &request(&scenario, number)).await
}

fn request(scenario: &Scenario, number: usize) -> String {
    mail::request(number, scenario, &[(later_repeats::KEY, &format!("key-{number}"))])
}
