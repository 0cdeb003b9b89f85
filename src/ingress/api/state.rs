//! What the handlers of the API share.

use std::sync::Arc;

use super::settings::Settings;
use crate::access::admission::Admission;
use crate::access::callers::Callers;
use crate::delivery::dispatch::Dispatcher;
use crate::runtime::metrics::Metrics;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::trace::Tracer;
use crate::service::outbox::OutboxService;
use crate::service::submit::Submit;
use crate::state::store::Up;

/// The state of the API listener; clones share it.
#[derive(Clone)]
pub struct ApiState {
    /// Where mail goes.
    pub submit: Arc<Submit>,
    /// Where mail goes that is sent later; `None`: the outbox is off.
    pub outbox: Option<Arc<OutboxService>>,
    /// Is the store up? `None`: there is no store.
    pub store: Option<Up>,
    /// Is any circuit usable?
    pub dispatcher: Arc<Dispatcher>,
    /// Who may call.
    pub callers: Arc<Callers>,
    /// What is taken on at once.
    pub admission: Arc<Admission>,
    /// The settings of this listener.
    pub settings: Arc<Settings>,
    /// Is this node shutting down?
    pub shutdown: Shutdown,
    /// Where requests are counted.
    pub metrics: Arc<Metrics>,
    /// What begins the traces of requests.
    pub tracer: Tracer,
}
