//! The DKIM keys, which are read again and again.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tracing::{info, warn};

use super::reload;
use crate::app::config::DkimConfig;
use crate::delivery::mx::dkim::Keys;
use crate::runtime::metrics::{Metrics, ReloadedFile};
use crate::runtime::restart::restart_on_panic;

/// The keys as they are now, and a task that reads them anew.
pub(super) fn keys(config: DkimConfig, metrics: &Metrics) -> Arc<ArcSwap<Keys>> {
    let DkimConfig { keys: first, directory } = config;
    let keys = Arc::new(ArcSwap::from_pointee(first.clone()));
    let Some(directory) = directory else { return keys };
    let (replaced, counted) = (Arc::clone(&keys), metrics.reloads.of(ReloadedFile::DkimKeys));
    tokio::spawn(restart_on_panic("task that reads the DKIM keys", None, move || {
        let (directory, replaced) = (directory.clone(), Arc::clone(&replaced));
        let known = Arc::clone(&replaced);
        let read = move || directory.read_again(&known.load());
        reload::watch("DKIM keys", counted.clone(), first.clone(), read, move |keys: &Keys| {
            let before = replaced.swap(Arc::new(keys.clone()));
            tell_lost(&before, keys);
            info!(domains = keys.iter().count(), "DKIM keys reloaded");
        })
    }));
    keys
}

/// A folder that is gone may be meant, but mail of its domain is then unsigned, or signed for a domain above it.
fn tell_lost(before: &Keys, now: &Keys) {
    let mut lost = before.domains_without(now);
    if let Some(domain) = lost.next() {
        warn!(domain, others = lost.count(), "a domain has no DKIM key any more");
    }
}
