//! Carries out a plan, from the first call to what is known at the end.

use std::sync::Arc;

use super::callers::{Calling, Mails, Sent};
use super::network::{Domain, Network};
use super::nodes::Nodes;
use super::plan::Plan;
use super::{judge, operators};
use crate::harness::database::Database;
use crate::harness::outbox::{Counts, at_rest, shown};
use crate::harness::wait::when;
use crate::harness::{Answer, eventually};

/// What came of it.
pub(super) struct Run {
    pub(super) summary: String,
    pub(super) violations: Vec<String>,
}

pub(super) async fn run(plan: Plan) -> Run {
    let Plan { script, mails: count, most, kills, on_postgres, attempts, to_one_server, .. } = plan;
    let postgres = if on_postgres { Database::postgres().await } else { None };
    let (database, node_count) = postgres.map_or_else(|| (Database::sqlite(), 1), |database| (database, 2));
    let (network, rng) = (Network::start(&script).await, script.rng);
    // Longer than a slow server takes.
    let own = [("SMSP_OUTBOX_ATTEMPTS", attempts), ("SMSP_MX_FINAL_TIMEOUT", "1s")];
    let mut nodes = Nodes::start(&network, &database, node_count, &own).await;
    let mending = tokio::spawn(operators::mend(nodes.clients(), database.clone(), rng));
    let is_meant = |domain: &&Domain| !to_one_server || domain.servers == 1;
    let domains = Arc::new(network.domains.iter().filter(is_meant).cloned().collect());
    let mails = Mails { count, domains, rng, most };
    let calling = Calling::begin(&mails, &nodes.clients());
    for kill in 0..kills {
        let enough = network.record.begun() + 1 + rng.below("kill", kill, count / (kills + 1));
        eventually("mails are on their way", async || {
            when(network.record.begun() >= enough || calling.is_done(), || nodes.evidence())
        })
        .await;
        nodes.is_killed_and_starts_again(rng.below("killed", kill, node_count)).await;
    }
    let sent = calling.all().await;
    at_rest(nodes.client()).await;
    let decided = operators::decide(nodes.client(), &sent, &network.record, rng).await;
    let counts = at_rest(nodes.client()).await;
    mending.abort();
    let all = finals(&nodes, &sent).await;
    let judged = sent.iter().zip(&all).flat_map(|(one, shown)| judge::violations(one, shown, &network.record, kills));
    let mut violations: Vec<_> = judged.collect();
    violations.extend(judge::count(&all, &counts));
    Run { summary: summary(database.kind(), &all, &counts, decided), violations }
}

/// What is said of each mail.
async fn finals(nodes: &Nodes<'_>, sent: &[Sent]) -> Vec<Answer> {
    let mut all = Vec::new();
    for one in sent {
        all.push(shown(nodes.client(), one.id.as_deref().unwrap_or("none")).await);
    }
    all
}

/// How many recipients are where.
fn summary(kind: &str, all: &[Answer], counts: &Counts, decided: usize) -> String {
    let recipients = || all.iter().flat_map(|one| one.json["recipients"].as_array().into_iter().flatten());
    let of = |status: &str| recipients().filter(|one| one["status"] == status).count();
    let words = ["delivered", "refused", "unknown", "cancelled", "parked"].map(|word| format!("{} {word}", of(word)));
    format!("{kind}, {} mails, recipients: {}; {decided} in doubt decided", counts.all(), words.join(", "))
}
