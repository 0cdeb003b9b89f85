//! What operators order of circuits, and the records of all orders, where there is a store.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::store::Store;
use super::upstreams::overrides;
use crate::delivery::upstream::Upstream;
use crate::runtime::host_name::host_name;
use crate::runtime::metrics::Metrics;
use crate::runtime::restart::{Restarts, restart_and_count};
use crate::service::outbox::OutboxService;
use crate::state::audit::{self, AuditLog, KeptAudit};
use crate::state::overrides::{Change, Overrides, Sharing};
use crate::state::store::Failed;

/// What operators order of circuits.
pub(super) struct Orders {
    pub(super) overrides: Arc<Overrides>,
    pub(super) audit: Arc<AuditLog<Change>>,
    pub(super) kept_audit: Option<Arc<dyn KeptAudit>>,
}

impl Orders {
    /// With those of other nodes, and of this one before its last end, where there is a store.
    pub(super) async fn start(upstreams: &Arc<[Arc<Upstream>]>, store: Option<&Store>, metrics: &Arc<Metrics>) -> Self {
        let audit = Arc::default();
        let sharing = store.map(|store| Sharing::new(store.overrides(), host_name(), Arc::clone(metrics)));
        let overrides = overrides(upstreams, &audit, sharing).await;
        Self { overrides, audit, kept_audit: store.map(Store::audit) }
    }
}

/// Drops the records of orders that were kept for this long.
pub(super) fn keep_audit(
    keep: Duration,
    circuits: Option<Arc<dyn KeptAudit>>,
    outbox: Option<Arc<OutboxService>>,
    restarts: &Arc<Restarts>,
) {
    if let Some(kept) = circuits {
        sweep_orders(restarts, move || {
            let kept = Arc::clone(&kept);
            Box::pin(async move { kept.sweep(keep).await })
        });
    }
    if let Some(outbox) = outbox {
        sweep_orders(restarts, move || {
            let outbox = Arc::clone(&outbox);
            Box::pin(async move { outbox.sweep_audit(keep).await })
        });
    }
}

/// Takes this step of a sweep for ever, also after a panic.
fn sweep_orders(
    restarts: &Arc<Restarts>,
    step: impl Fn() -> BoxFuture<'static, Result<bool, Failed>> + Clone + Send + Sync + 'static,
) {
    let restarts = Arc::clone(restarts);
    tokio::spawn(async move {
        restart_and_count("task that drops old orders", &restarts, || audit::keep_swept(step.clone())).await;
    });
}
