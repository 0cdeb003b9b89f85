//! What the handlers of the admin listener share.

use std::sync::Arc;

use axum::extract::Request;
use futures_util::future::BoxFuture;

use crate::access::admins::Admins;
use crate::delivery::mx::sites::Sites;
use crate::delivery::upstream::Upstream;
use crate::ingress::plan::RouteBody;
use crate::ingress::server::problem::Problem;
use crate::runtime::metrics::Metrics;
use crate::runtime::restart::Restarts;
use crate::runtime::shutdown::Shutdown;
use crate::service::outbox::OutboxService;
use crate::state::audit::{AuditLog, KeptAudit};
use crate::state::overrides::{Change, Overrides};
use crate::state::store::Up;

/// Explains the mail in this request as one of the caller of this name.
pub type Explain = Arc<dyn Fn(String, Request) -> BoxFuture<'static, Result<RouteBody, Problem>> + Send + Sync>;

/// One for each listener; a clone shares everything.
#[derive(Clone)]
pub struct AdminState {
    /// The upstreams whose circuits are shown.
    pub upstreams: Arc<[Arc<Upstream>]>,
    /// Where orders for these circuits are carried out.
    pub overrides: Arc<Overrides>,
    /// The orders for circuits that this node has carried out.
    pub audit: Arc<AuditLog<Change>>,
    /// Those of all nodes; `None`: there is no store.
    pub kept_audit: Option<Arc<dyn KeptAudit>>,
    /// The mail that is sent later; `None`: the outbox is off.
    pub outbox: Option<Arc<OutboxService>>,
    /// The servers of recipients; `None`: no mail goes there.
    pub sites: Option<Arc<Sites>>,
    /// Is the store up? `None`: there is no store.
    pub store: Option<Up>,
    /// Who may see and order.
    pub admins: Arc<Admins>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How often tasks of the outbox and threads of the store have panicked of late.
    pub restarts: Arc<Restarts>,
    /// Whether this node drains.
    pub shutdown: Shutdown,
    /// What explains where a mail would go.
    pub explain: Explain,
    /// Bytes of such a mail, at most.
    pub max_mail: usize,
    /// Names of fields of such a mail that may stand in the log.
    pub field_names_of_mail: &'static [&'static str],
    /// Whether the document is served.
    pub docs: bool,
}
