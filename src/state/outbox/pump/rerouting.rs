//! The rules have changed: queued rows are filed under the upstreams that they may go to now.
//!
//! A row that may go nowhere, or cannot be opened, is filed under all upstreams: then it is claimed, and its caller hears
//! what stands in its way.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::Failed;
use super::super::bound::Bound;
use super::super::claim::Stale;
use super::super::row::{RouteSet, RulesVersion};
use super::context::{Context, Parts};

/// A step is followed by a pause so many times as long as itself.
const PAUSES: u32 = 2;
/// And at least so long.
const PAUSE: Duration = Duration::from_millis(20);

/// Files every queued row under the rules of now, if those before were others. Nodes with different rules file them to and
/// fro, so this ends after so much time, and leaves the store to others for most of it.
pub(super) async fn reroute(context: &Context, most: Duration) -> Result<(), Failed> {
    let start = Instant::now();
    let Parts { store, dispatcher, .. } = &context.parts;
    let rules = RulesVersion(dispatcher.rules_version().cast_signed());
    while start.elapsed() < most {
        let step = Instant::now();
        let stale = store.stale(rules, Bound::STEP).await?;
        if stale.is_empty() {
            break;
        }
        let sets: Vec<_> = stale.iter().map(|stale| (stale.row, set(context, stale))).collect();
        store.reroute(rules, &sets).await?;
        context.wake.notify_one();
        sleep(PAUSE.max(step.elapsed() * PAUSES)).await;
    }
    Ok(())
}

fn set(context: &Context, stale: &Stale) -> RouteSet {
    let Parts { contents, dispatcher, .. } = &context.parts;
    let submission = stale.content.as_ref().and_then(|content| contents.open(stale.id, &stale.caller, content));
    let eligible = submission.and_then(|submission| dispatcher.eligible(&submission).ok());
    let upstreams = eligible.map_or_else(|| dispatcher.names().collect(), |eligible| eligible.upstreams);
    RouteSet::new(upstreams.iter().map(|name| &**name))
}
