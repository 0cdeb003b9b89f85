//! What the handlers share.

use std::sync::Arc;

use crate::access::admission::Admission;
use crate::access::callers::Callers;
use crate::ingress::server::body::Limits;
use crate::runtime::shutdown::Shutdown;
use crate::service::outbox::OutboxService;

/// The state of APIs of other systems; clones share it.
#[derive(Clone)]
pub struct CompatState {
    /// Where mail goes.
    pub outbox: Arc<OutboxService>,
    /// Who may call.
    pub callers: Arc<Callers>,
    /// What is taken on at once.
    pub admission: Arc<Admission>,
    /// Is this node shutting down?
    pub shutdown: Shutdown,
    /// What the body of a request may take.
    pub body: Limits,
    /// Recipients of one mail, at most.
    pub recipients: usize,
}
