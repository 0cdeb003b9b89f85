//! What keeps the outbox in order: the store hears that this node lives, rows of dead nodes are freed, what has expired or
//! was kept for long enough goes, senders are told whom their mail does not reach, and rows follow the rules of now.
//!
//! The heartbeat is a task of its own, so that a store with much to sweep does not let a node look dead. It goes on while
//! the node drains: what is under way is its own until the end.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tracing::warn;

use super::super::bound::Bound;
use super::super::claim::Buried;
use super::super::tasks;
use super::context::{Context, STORE_TIMEOUT};
use super::direct::telling::tell_senders;
use super::endings::Endings;
use super::rerouting::reroute;

const HEARTBEAT: Duration = Duration::from_secs(5);
const UPKEEP: Duration = Duration::from_secs(10);

/// Tells the store again and again that this node lives; never returns.
pub(super) async fn beat(context: Arc<Context>) {
    let mut ticks = every(HEARTBEAT);
    loop {
        ticks.tick().await;
        context.parts.metrics.round_begins(tasks::HEARTBEAT);
        let asked = Instant::now();
        if let Ok(Ok(older)) = timeout(STORE_TIMEOUT, context.parts.store.heartbeat(context.parts.node)).await {
            context.older_copy.heard(older);
            context.liveness.heard(asked);
            context.wake.notify_one();
        }
    }
}

/// Buries and sweeps again and again; never returns.
pub(super) async fn tidy(context: Arc<Context>) {
    let mut ticks = every(UPKEEP);
    loop {
        ticks.tick().await;
        context.parts.metrics.round_begins(tasks::UPKEEP);
        let mut endings = Endings::default();
        if let Ok(Ok(buried)) = timeout(STORE_TIMEOUT, context.parts.store.bury(context.parts.node)).await {
            report(&buried);
            endings.buried(&buried.mails);
        }
        sweep(&context, &mut endings).await;
        tell_senders(&context, UPKEEP / 2).await;
        // A store that does not answer says so itself; the next turn goes on with what is left.
        let _ = reroute(&context, UPKEEP / 2).await;
    }
}

/// Step by step, so that others write in between, and no longer than until the dead are to be buried again.
async fn sweep(context: &Context, endings: &mut Endings) {
    let start = Instant::now();
    while start.elapsed() < UPKEEP {
        let Ok(Ok(swept)) = timeout(STORE_TIMEOUT, context.parts.store.sweep(Bound::STEP)).await else { return };
        endings.swept(&swept.mails);
        endings.partly(&swept.partly);
        if !swept.more {
            return;
        }
    }
}

fn report(buried: &Buried) {
    let Buried { queued, parked, unknown, .. } = buried;
    if queued + parked + unknown > 0 {
        warn!(queued, parked, unknown, "rows of nodes that have died: `unknown` ones may have been sent");
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
