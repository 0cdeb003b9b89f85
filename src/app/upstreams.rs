//! The upstreams of a node, and the tasks that look after their circuits.

use std::sync::Arc;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tracing::error;

use crate::app::config::UpstreamConfig;
use crate::delivery::dispatch::{AllOpen, Dispatcher};
use crate::delivery::supervisor::{self, supervise};
use crate::delivery::upstream::Upstream;
use crate::delivery::upstream::history::{Event, Events};
use crate::runtime::metrics::Metrics;
use crate::runtime::restart::restart_on_panic;
use crate::runtime::shutdown::Shutdown;
use crate::state::audit::AuditLog;
use crate::state::overrides::{Change, Overrides, Sharing};

/// More transitions than happen while a listener is busy.
const EVENTS: usize = 256;

/// What is told of their circuits.
pub(super) fn events() -> Events {
    Events::new(EVENTS)
}

/// Those that are configured, the preferred one first.
pub(super) fn upstreams(configs: Vec<UpstreamConfig>, metrics: &Arc<Metrics>, events: &Events) -> Vec<Arc<Upstream>> {
    let upstream = |config: UpstreamConfig| {
        let UpstreamConfig { name, kind, provider, settings } = config;
        Arc::new(Upstream::new(name, kind, provider, settings, metrics, events.clone()))
    };
    configs.into_iter().map(upstream).collect()
}

/// Starts a supervisor for each upstream.
pub(super) fn supervise_all(upstreams: &Arc<[Arc<Upstream>]>, settings: supervisor::Settings) {
    let settings = Arc::new(settings);
    for upstream in upstreams.iter() {
        let (upstream, all, settings) = (Arc::clone(upstream), Arc::clone(upstreams), Arc::clone(&settings));
        tokio::spawn(restart_on_panic("supervisor", Some(upstream.name().to_string()), move || {
            supervise(Arc::clone(&upstream), Arc::clone(&all), Arc::clone(&settings))
        }));
    }
}

/// The overrides of these upstreams, and a task that ends them when their time is over. Where nodes share them, those that
/// hold already, and a task that takes over what other nodes order.
pub(super) async fn overrides(
    upstreams: &Arc<[Arc<Upstream>]>,
    audit: &Arc<AuditLog<Change>>,
    sharing: Option<Sharing>,
) -> Arc<Overrides> {
    let is_shared = sharing.is_some();
    let overrides = Overrides::new(Arc::clone(upstreams), Arc::clone(audit));
    let overrides = Arc::new(match sharing {
        Some(sharing) => overrides.shared(sharing),
        None => overrides,
    });
    if is_shared {
        overrides.begin().await;
        let sharing = Arc::clone(&overrides);
        tokio::spawn(restart_on_panic("task that shares orders for circuits", None, move || {
            let sharing = Arc::clone(&sharing);
            async move { sharing.share().await }
        }));
    }
    let ending = Arc::clone(&overrides);
    tokio::spawn(restart_on_panic("task that ends overrides", None, move || {
        let ending = Arc::clone(&ending);
        async move { ending.end_when_due().await }
    }));
    overrides
}

/// Ends this node once no circuit is usable, if the operator wants it so.
pub(super) async fn exit_when_down(mut events: Receiver<Event>, dispatcher: Arc<Dispatcher>, shutdown: Shutdown) {
    loop {
        // What was missed does not matter: the circuits themselves are asked.
        if matches!(events.recv().await, Err(RecvError::Closed)) || shutdown.is_draining() {
            return;
        }
        if dispatcher.is_down(AllOpen::Exit) {
            error!("down: no circuit is usable, and SMSP_ALL_OPEN=exit");
            return shutdown.request();
        }
    }
}
