//! The pump: takes mail out of the outbox and hands it over, as fast as the upstreams take it.
//!
//! It asks the dispatcher before the store: while no upstream takes mail, nothing is claimed. Each row is the work of one
//! task, which marks it in the store before the first byte goes out and records what became of it. Invariants: no hand-over
//! without the store's clear consent; never more mails at an upstream than its window, the share of its circuit and the
//! places that are not kept for callers that wait; from the stop signal on nothing is claimed or marked. Deliberately absent:
//! what a row may do next, which the store decides, and any timer that puts a marked row back.

mod before;
mod callers;
mod claims;
mod conclusion;
mod contents;
mod context;
mod delivery;
mod direct;
mod endings;
mod evidence;
mod in_hand;
mod journal;
mod lanes;
mod late;
mod liveness;
mod newest;
mod older_copy;
mod panicking;
mod pending;
mod recording;
mod repeats;
mod rerouting;
mod schedule;
mod traced;
mod unopened;
mod upkeep;
mod window;
mod windows;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

pub use conclusion::Policy;
pub use contents::Contents;
pub use context::Parts;
pub use direct::{Bounces, DirectDelivery};
pub use schedule::Schedule;

use super::tasks::CLAIMS;
use crate::runtime::restart::{Restarts, restart_and_count};
use crate::runtime::unix_time::UnixTime;
use claims::Claims;
use context::Context;
use direct::oldest::oldest_of;
use direct::reopening::open_site;

/// From one round of claims to the next, though there is nothing to do and no upstream takes mail.
const ROUND: Duration = Duration::from_secs(5);

/// The pump of one node. Clones share it.
#[derive(Clone)]
pub struct Pump(Arc<Context>);

impl Pump {
    /// With nothing under way yet.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Context::new(parts)))
    }

    /// There is a new row.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Has the mail for this site of the node come by at once, if it waits because that took none.
    pub fn open_site(&self, site: String) {
        let context = Arc::clone(&self.0);
        self.0.parts.drain.spawn(async move { open_site(&context, &site).await });
    }

    /// Since when the oldest mail for each of these sites is in the store, as far as is known.
    pub async fn oldest_of(&self, sites: Vec<String>) -> Vec<Option<UnixTime>> {
        oldest_of(&self.0, &sites).await
    }

    /// Does all of its work; never returns. What panics is started anew, while the deliveries under way go on.
    pub async fn run(&self, restarts: Arc<Restarts>) {
        let (context, restarted) = (Arc::clone(&self.0), Arc::clone(&restarts));
        // The drain waits for the last claim: its rows are to go back.
        self.0.parts.drain.spawn(async move {
            restart_and_count("task that claims from the outbox", &restarted, || claim(Arc::clone(&context))).await;
        });
        tokio::join!(
            restart_and_count("heartbeat of the outbox", &restarts, || upkeep::beat(Arc::clone(&self.0))),
            restart_and_count("upkeep of the outbox", &restarts, || upkeep::tidy(Arc::clone(&self.0))),
        );
    }
}

/// Claims and begins deliveries, until the node drains.
async fn claim(context: Arc<Context>) {
    let Parts { dispatcher, drain, .. } = &context.parts;
    let (mut claims, mut changes) = (Claims::new(Arc::clone(&context)), dispatcher.changes());
    while !drain.is_draining() {
        context.parts.metrics.round_begins(CLAIMS);
        let wait = claims.step().await.min(ROUND);
        tokio::select! {
            () = context.wake.notified() => {}
            () = changes.next() => {}
            () = drain.closing() => {}
            () = sleep(wait) => {}
        }
    }
}

#[cfg(test)]
mod tests;
