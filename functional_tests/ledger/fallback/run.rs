//! Carries out a plan, from the first call to what is known at the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::super::record::Account;
use super::super::scenario::{Acceptance, Circuits};
use super::call::Told;
use super::history::{History, Run, StoreOutage, Visit};
use super::nodes::Nodes;
use super::plan::Plan;
use super::{callers, downtime};
use crate::harness::outbox::Counts;
use crate::harness::wait::when;
use crate::harness::{Gate, eventually};

/// Everything that is known of it.
pub(super) async fn run(plan: Plan) -> Run {
    let Plan { scenario, database, nodes: count, kills, falls_back, has_outages, failing_store } = plan;
    let (mut nodes, stop) = (Nodes::start(&scenario, &database, count).await, Gate::shut());
    if !has_outages {
        stop.open();
    }
    let providers = nodes.environment.providers.iter().map(|(provider, _)| provider.clone()).collect();
    let failing = tokio::spawn(downtime::outages(providers, stop.clone()));
    let starting = Arc::new(Mutex::new(()));
    let store = failing_store.map(|store| tokio::spawn(downtime::store_outages(store, starting.clone(), stop.clone())));
    let listeners = nodes.listeners();
    let calling = callers::call_all(&scenario, &listeners);
    for kill in 0..kills {
        let part = scenario.mails / (kills + 1);
        let enough = part * kill + 1 + scenario.rng.below("kill", kill, part);
        let are_begun = async || when(calling.begun() >= enough, || format!("{} of {enough}", calling.begun()));
        eventually("mails are on their way", are_begun).await;
        let _starting = starting.lock().await;
        nodes.is_killed_and_starts_again(&scenario, scenario.rng.below("killed", kill, count)).await;
    }
    let mut mails = calling.all().await;
    callers::repeat(&scenario, &listeners, &mut mails, "a moment later").await;
    stop.open();
    let outages = failing.await.expect("outages do not panic");
    let mut store_outages = match store {
        Some(failing) => failing.await.expect("outages do not panic"),
        None => Vec::new(),
    };
    nodes.at_rest().await;
    callers::repeat_until_known(&scenario, &listeners, &mut mails).await;
    let client = &nodes.proxy(0).client;
    let counts = loop {
        let counts = nodes.at_rest().await;
        callers::look_at_all(&listeners, &mut mails).await;
        // A mail may be replayed a minute after its hand-over.
        if Counts::of(client).await == counts {
            break counts;
        }
    };
    let met_none = mails.iter().flat_map(|mail| &mail.calls).filter(|call| call.met_no_store());
    store_outages.extend(met_none.map(|call| StoreOutage { order: call.from, away: call.to, back: call.to }));
    visits(&nodes.environment.accounts(&scenario), &mut mails);
    let mut metrics = BTreeMap::new();
    for (life, proxy) in nodes.all() {
        metrics.insert(life, proxy.client.metrics().await);
    }
    let takes = scenario.circuits == Circuits::Held && scenario.faulty < 3 && scenario.acceptance == Acceptance::Takes;
    Run { mails, falls_back, one_takes_all: takes, outages, store_outages, metrics, counts }
}

/// Writes down with each mail where it was.
fn visits(accounts: &[Account], mails: &mut [History]) {
    for mail in mails {
        for account in accounts {
            let here = account.arrivals.iter().filter(|arrival| arrival.number == mail.wants.number);
            let visit = |arrival: &_| Visit {
                upstream: account.name,
                takes_once: account.idempotent,
                arrival: Clone::clone(arrival),
            };
            mail.visits.extend(here.map(visit));
        }
        mail.visits.sort_by_key(|visit| visit.arrival.at);
    }
}

impl Run {
    /// How many mails ended how, in a line.
    pub(super) fn summary(&self) -> String {
        let told = |told| self.mails.iter().filter(|mail| mail.was_told(told)).count();
        let calls: usize = self.mails.iter().map(|mail| mail.calls.len()).sum();
        format!(
            "{} mails, {calls} calls; told of accepted {}, queued {}, none {}, unknown {}, in flight {}; cut off {}",
            self.mails.len(),
            told(Told::Accepted),
            told(Told::Queued),
            told(Told::None),
            told(Told::Unknown),
            told(Told::InFlight),
            told(Told::CutOff),
        )
    }
}
