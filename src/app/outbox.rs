//! The outbox of this node, put together: rows in the store, seals, the pump that sends, the service for the ways in.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use uuid::Uuid;

use super::config::OutboxConfig;
use super::store::{LOOKING, Store};
use crate::access::callers::Callers;
use crate::delivery::dispatch::{Dispatcher, Eligible};
use crate::delivery::mx::direct::Direct;
use crate::model::submission::Submission;
use crate::runtime::metrics::Metrics;
use crate::runtime::restart::{Restarts, restart_and_count};
use crate::runtime::shutdown::{self, Shutdown};
use crate::runtime::telemetry::trace::Tracer;
use crate::service::outbox::{Filed, OutboxService, Parts, Rows};
use crate::state::outbox::pump::{self, Bounces, DirectDelivery, Policy, Pump};
use crate::state::outbox::{
    self, CountedOutbox, CountedParts, Drain, Keeping, NodeId, Outbox, PausedStart, RouteSet, RulesVersion, Sealer,
    TracedOutbox, TracedParts, Traces, measure, metrics_of, warn_of_parts, warn_of_waiting,
};
use crate::state::store::{OpenError, StoreKeys};

/// Where mail goes.
pub(super) struct Destinations<'a> {
    /// To the upstreams.
    pub(super) dispatcher: &'a Arc<Dispatcher>,
    /// To its recipients' own servers; `None`: never.
    pub(super) direct: Option<ToServers>,
    /// Who has it sent.
    pub(super) callers: &'a Arc<Callers>,
}

/// How mail goes to its recipients' own servers.
pub(super) struct ToServers {
    /// Delivers it.
    pub(super) direct: Arc<Direct>,
    /// Once no upstream has taken mail for so long.
    pub(super) after: Duration,
    /// This node's own name.
    pub(super) helo: String,
}

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
        destinations: Destinations<'_>,
        restarts: &Arc<Restarts>,
        metrics: &Metrics,
        tracer: &Tracer,
    ) -> Result<Self, OpenError> {
        let (settings, up) = (config.pump, store.up());
        let keeping = Keeping { keep: settings.keep, min_free: settings.min_free.into() };
        let ((rows, parts), sealer) = (traced(store, keeping, tracer).await?, Sealer::new(keys));
        let Destinations { dispatcher, direct, callers } = destinations;
        let own_service = Arc::new(OnceLock::new());
        let mails = metrics.mails.clone();
        let traces = Traces { tracer: tracer.clone(), system: store.system() };
        let metrics = Arc::new(metrics_of(metrics, config.service.room()));
        let store: Arc<dyn Outbox> = Arc::new(CountedOutbox::new(rows, Arc::clone(&metrics)));
        let (work, paused_start) = (Shutdown::default(), PausedStart::new(settings.starts_paused));
        let policy =
            Policy { schedule: settings.retry, attempts: settings.attempts, resends_unknown: settings.resends_unknown };
        let drain = Drain::default();
        let parts = Arc::new(CountedParts::new(parts, Arc::clone(&metrics)));
        let direct = direct.map(|ToServers { direct, after, helo }| {
            let bounces = bounces(helo, callers, &own_service);
            DirectDelivery { direct, parts, after, mails: mails.clone(), bounces }
        });
        if direct.is_none() {
            tokio::spawn(warn_of_parts(Arc::clone(&store)));
        }
        let pump = Pump::new(pump::Parts {
            store: Arc::clone(&store),
            contents: Arc::new(sealer.clone()),
            dispatcher: Arc::clone(dispatcher),
            node: NodeId(Uuid::new_v4()),
            drain: work.clone(),
            policy: policy.clone(),
            max_window: settings.concurrency,
            paused_start: paused_start.clone(),
            direct: direct.map(Arc::new),
            metrics: Arc::clone(&metrics),
            traces,
        });
        let (running, counted) = (pump.clone(), Arc::clone(restarts));
        tokio::spawn(async move { running.run(counted).await });
        let (rows, counted, held) = (Arc::clone(&store), Arc::clone(restarts), paused_start.clone());
        let (measured, draining) = (Arc::clone(&metrics), drain.clone());
        tokio::spawn(async move {
            let count = || measure(Arc::clone(&rows), Arc::clone(&measured), held.clone(), draining.clone());
            restart_and_count("task that counts the rows of the outbox", &counted, count).await;
        });
        let (filing, opening, looking) = (Arc::clone(dispatcher), pump.clone(), pump.clone());
        let parts = Parts {
            store,
            up,
            sealer,
            file: Box::new(move |submission| file(&filing, submission)),
            wake: Box::new(move || pump.wake()),
            open_site: Box::new(move |site| opening.open_site(site)),
            oldest_of_sites: Box::new(move |sites| {
                let pump = looking.clone();
                Box::pin(async move { pump.oldest_of(sites).await })
            }),
            paused_start,
            policy,
            metrics,
            mails,
            drain,
        };
        let service = Arc::new(OutboxService::new(parts, &config.service));
        let _ = own_service.set(Arc::downgrade(&service));
        Ok(Self { service, work, deadline: settings.drain })
    }

    /// Claims and marks nothing more; attempts under way have their time. Did all of them end in it?
    pub(super) async fn drain(&self) -> bool {
        self.work.drain(shutdown::Settings { delay: Duration::ZERO, deadline: self.deadline }).await
    }
}

/// Bounces are sealed by the service of the node, once there is one.
fn bounces(reporter: String, callers: &Arc<Callers>, service: &Arc<OnceLock<Weak<OutboxService>>>) -> Bounces {
    let (callers, service) = (Arc::clone(callers), Arc::clone(service));
    Bounces {
        reporter,
        address: Box::new(move |caller| callers.named(caller.as_str())?.limits.bounce_address().cloned()),
        seal: Box::new(move |submission, names| service.get()?.upgrade()?.own(submission, names).ok()),
    }
}

/// What the store of a node has whose outbox is off: mail that others have queued, or that waits for the outbox to be on.
pub(super) async fn left_alone(store: &Store, keys: Arc<StoreKeys>, tracer: &Tracer) -> Result<Rows, OpenError> {
    let (rows, _) = traced(store, LOOKING, tracer).await?;
    tokio::spawn(warn_of_waiting(Arc::clone(&rows)));
    Ok(Rows::new(rows, Sealer::new(keys)))
}

/// The rows and their parts; calls to them are spans where traces are recorded.
async fn traced(
    store: &Store,
    keeping: Keeping,
    tracer: &Tracer,
) -> Result<(Arc<dyn Outbox>, Arc<dyn outbox::Parts>), OpenError> {
    let (rows, parts) = store.outbox(keeping).await?;
    if !tracer.is_on() {
        return Ok((rows, parts));
    }
    let system = store.system();
    Ok((Arc::new(TracedOutbox::new(rows, system)), Arc::new(TracedParts::new(parts, system))))
}

/// Where a mail may go. One that may go nowhere has its refusal, and is filed under all: a repeat of a mail that was accepted
/// under other rules is no new mail.
fn file(dispatcher: &Dispatcher, submission: &Submission) -> Filed {
    let (Eligible { upstreams, rules }, refusal) = match dispatcher.eligible(submission) {
        Ok(eligible) => (eligible, None),
        Err(error) => {
            let all = Eligible { upstreams: dispatcher.names().collect(), rules: dispatcher.rules_version() };
            (all, Some(error))
        }
    };
    let route_set = RouteSet::new(upstreams.iter().map(|name| &**name));
    Filed { route_set, rules: RulesVersion(rules.cast_signed()), refusal }
}
