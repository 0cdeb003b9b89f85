//! The state of an admin listener for tests: one circuit, no keys.

use std::future::{pending, ready};
use std::sync::Arc;
use std::time::Duration;

use super::state::AdminState;
use crate::access::admins::Admins;
use crate::delivery::upstream::fixture::accepting;
use crate::runtime::shutdown::Shutdown;
use crate::state::audit::{self, KeptAudit};
use crate::state::outbox::{Answered, Failed};
use crate::state::overrides::Overrides;

pub(super) fn state() -> AdminState {
    let (upstreams, audit): (Arc<[_]>, Arc<_>) = ([accepting("u")].into(), Arc::default());
    AdminState {
        overrides: Arc::new(Overrides::new(Arc::clone(&upstreams), Arc::clone(&audit))),
        upstreams,
        audit,
        kept_audit: None,
        outbox: None,
        sites: None,
        store: None,
        admins: Arc::new(Admins::new(None)),
        metrics: Arc::default(),
        restarts: Arc::default(),
        shutdown: Shutdown::default(),
        explain: Arc::new(|_, _| Box::pin(pending())),
        max_mail: 0,
        field_names_of_mail: &[],
        docs: true,
    }
}

/// An audit log of all nodes with these records, the oldest first; none: its store is down.
pub(super) struct Kept(pub(super) Option<Vec<audit::Kept>>);

impl KeptAudit for Kept {
    fn page(&self, before: Option<i64>, limit: usize) -> Answered<'_, Vec<audit::Kept>> {
        let is_meant = |kept: &&audit::Kept| before.is_none_or(|before| kept.number < before);
        let page = self.0.as_ref().map(|all| all.iter().rev().filter(is_meant).take(limit).cloned().collect());
        Box::pin(ready(page.ok_or(Failed::Down)))
    }

    fn sweep(&self, _: Duration) -> Answered<'_, bool> {
        Box::pin(ready(Ok(false)))
    }
}
