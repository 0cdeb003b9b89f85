//! The outbox of this node, put together: rows in the store, seals, the pump that sends, the service for the ways in.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::config::OutboxConfig;
use super::store::Store;
use crate::delivery::dispatch::{Dispatcher, Eligible};
use crate::model::submission::Submission;
use crate::runtime::restart::Restarts;
use crate::runtime::shutdown::{self, Shutdown};
use crate::service::outbox::{Filed, OutboxService, Parts};
use crate::state::outbox::pump::{self, Policy, Pump};
use crate::state::outbox::{Keeping, NodeId, RouteSet, RulesVersion, Sealer};
use crate::state::store::{OpenError, StoreKeys};

/// An outbox that sends.
pub(super) struct RunningOutbox {
    /// For the ways in.
    pub(super) service: Arc<OutboxService>,
    work: Shutdown,
    deadline: Duration,
}

impl RunningOutbox {
    /// Begins to send what waits in the store.
    pub(super) async fn start(
        config: OutboxConfig,
        store: &Store,
        keys: Arc<StoreKeys>,
        dispatcher: &Arc<Dispatcher>,
        restarts: &Arc<Restarts>,
    ) -> Result<Self, OpenError> {
        let settings = config.pump;
        let keeping = Keeping { keep: settings.keep, min_free: settings.min_free.into() };
        let (store, sealer) = (store.outbox(keeping).await?, Sealer::new(keys));
        let work = Shutdown::default();
        let pump = Pump::new(pump::Parts {
            store: Arc::clone(&store),
            contents: Arc::new(sealer.clone()),
            dispatcher: Arc::clone(dispatcher),
            node: NodeId(Uuid::new_v4()),
            drain: work.clone(),
            policy: Policy {
                schedule: settings.retry,
                attempts: settings.attempts,
                resends_unknown: settings.resends_unknown,
            },
            max_window: settings.concurrency,
        });
        let (running, restarts) = (pump.clone(), Arc::clone(restarts));
        tokio::spawn(async move { running.run(restarts).await });
        let filing = Arc::clone(dispatcher);
        let parts = Parts {
            store,
            sealer,
            file: Box::new(move |submission| file(&filing, submission)),
            wake: Box::new(move || pump.wake()),
            audit: Arc::default(),
        };
        let service = Arc::new(OutboxService::new(parts, &config.service));
        Ok(Self { service, work, deadline: settings.drain })
    }

    /// Claims and marks nothing more; attempts under way have their time.
    pub(super) async fn drain(&self) {
        self.work.drain(shutdown::Settings { delay: Duration::ZERO, deadline: self.deadline }).await;
    }
}

/// Where a mail may go. One that may go nowhere is filed under all: it is claimed then, and its caller sees what stands in
/// its way.
fn file(dispatcher: &Dispatcher, submission: &Submission) -> Filed {
    let Eligible { upstreams, rules } = dispatcher.eligible(submission);
    let upstreams = if upstreams.is_empty() { dispatcher.names().collect() } else { upstreams };
    let route_set = RouteSet::new(upstreams.iter().map(|name| &**name));
    Filed { route_set, rules: RulesVersion(rules.cast_signed()) }
}
