//! The state of an admin listener for tests: one circuit, no keys.

use std::future::pending;
use std::sync::Arc;

use super::state::AdminState;
use crate::access::admins::Admins;
use crate::delivery::upstream::fixture::accepting;
use crate::runtime::shutdown::Shutdown;
use crate::state::overrides::Overrides;

pub(super) fn state() -> AdminState {
    let (upstreams, audit): (Arc<[_]>, Arc<_>) = ([accepting("u")].into(), Arc::default());
    AdminState {
        overrides: Arc::new(Overrides::new(Arc::clone(&upstreams), Arc::clone(&audit))),
        upstreams,
        audit,
        outbox: None,
        store: None,
        admins: Arc::new(Admins::new(None)),
        metrics: Arc::default(),
        restarts: Arc::default(),
        shutdown: Shutdown::default(),
        explain: Arc::new(|_, _| Box::pin(pending())),
        max_mail: 0,
        docs: true,
    }
}
