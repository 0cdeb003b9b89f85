//! What the handlers of the admin listener share.

use std::sync::Arc;

use crate::access::admins::Admins;
use crate::delivery::upstream::Upstream;
use crate::runtime::metrics::Metrics;
use crate::runtime::shutdown::Shutdown;
use crate::state::audit::AuditLog;
use crate::state::overrides::{Change, Overrides};

/// One for each listener; a clone shares everything.
#[derive(Clone)]
pub struct AdminState {
    /// The upstreams whose circuits are shown.
    pub upstreams: Arc<[Arc<Upstream>]>,
    /// Where orders for these circuits are carried out.
    pub overrides: Arc<Overrides>,
    /// The orders so far.
    pub audit: Arc<AuditLog<Change>>,
    /// Who may see and order.
    pub admins: Arc<Admins>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Whether this node drains.
    pub shutdown: Shutdown,
    /// Whether the document is served.
    pub docs: bool,
}
