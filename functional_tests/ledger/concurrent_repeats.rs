//! Mails that are sent twice at once under one `Idempotency-Key`: one goes out, and both callers get the same answer, as
//! does who repeats it later.
//!
//! Providers hold their answers back until the proxy has counted every second caller, for one who comes after the
//! first has its answer is promised nothing.

use std::collections::BTreeMap;

use tokio::task::JoinSet;

use super::caller::{self, Caller};
use super::environment::Stage;
use super::lag::Meter;
use super::record::{Ledger, Sent};
use super::run::{self, Answered, Times};
use super::scenario::Scenario;
use super::{later_repeats, mail};
use crate::harness::wait::when;
use crate::harness::{Gate, eventually};

/// So many mails are sent twice at most: each is two connections, and all of them come at once.
const MOST: usize = 60;

/// Every mail twice.
pub(crate) async fn run(scenario: &Scenario) -> Ledger {
    let (meter, gate) = (Meter::start(), Gate::shut());
    let stage = Stage::set(scenario, Some(&gate)).await;
    let pairs = (scenario.mails / 2).min(MOST);
    let mut sending = JoinSet::new();
    for number in (0..pairs).chain(0..pairs) {
        sending.spawn(send(scenario.clone(), Caller::new(stage.proxy.api), number));
    }
    eventually("every second caller waits with the first", async || {
        let waiting = stage.proxy.client.metrics().await.count("smsp_coalesced_total", &[]);
        when(waiting == pairs as u64, || format!("{waiting} of {pairs} wait"))
    })
    .await;
    gate.open();
    let mut answered = Answered::default();
    for twin in sending.join_all().await {
        match twin {
            Ok(sent) => answered.sent.push(Sent { keyed: true, ..sent }),
            Err(why) => answered.unanswered.push(why),
        }
    }
    let mut caller = Caller::new(stage.proxy.api);
    let firsts: BTreeMap<_, _> = answered.sent.iter().map(|sent| (sent.number, sent)).collect();
    let mut later = Answered::default();
    for (number, first) in firsts {
        later.absorb(later_repeats::repeat(scenario, &mut caller, first, &request(scenario, number)).await);
    }
    answered.absorb(later);
    run::close(scenario, stage, answered, Times { meter, cuts: Vec::new() }).await
}

/// Both of a pair have the same request id, so that nothing in their answers differs.
async fn send(scenario: Scenario, mut caller: Caller, number: usize) -> Result<Sent, String> {
    run::send(&mut caller, number, scenario.failover, &request(&scenario, number)).await
}

fn request(scenario: &Scenario, number: usize) -> String {
    let mail = mail::numbered(number, scenario).to_string();
    caller::request(number, &mail, &[(later_repeats::KEY, &format!("key-{number}"))])
}
