//! Who holds keys; where these stand in files, they are read again and again.

use std::sync::Arc;

use tracing::info;

use super::reload;
use crate::access::admins::Admins;
use crate::access::callers::Callers;
use crate::access::keys::KeyRing;
use crate::app::config::{AdminsConfig, CallersConfig};
use crate::runtime::metrics::{Metrics, ReloadedFile};
use crate::runtime::restart::restart_on_panic;

/// Callers and admins, and tasks that read their keys anew.
pub(super) fn holders(
    callers: CallersConfig,
    admins: Option<AdminsConfig>,
    metrics: &Arc<Metrics>,
) -> (Arc<Callers>, Arc<Admins>) {
    let CallersConfig { keys: caller_keys, source, by_name, common } = callers;
    let callers = Arc::new(Callers::new(caller_keys.clone(), by_name, common));
    show(metrics, &caller_keys);
    let (admin_keys, admin_source) = admins.map(|AdminsConfig { keys, source }| (keys, source)).unzip();
    let admins = Arc::new(Admins::new(admin_keys.clone()));
    if source.may_change() {
        let (callers, admins, metrics) = (Arc::clone(&callers), Arc::clone(&admins), Arc::clone(metrics));
        tokio::spawn(restart_on_panic("task that reads the caller keys", None, move || {
            let (source, callers, admins) = (source.clone(), Arc::clone(&callers), Arc::clone(&admins));
            let (metrics, counted) = (Arc::clone(&metrics), metrics.reloads.of(ReloadedFile::CallerKeys));
            let read = move || source.read(admins.keys().as_deref());
            reload::watch("caller keys", counted, caller_keys.clone(), read, move |keys| {
                callers.replace(keys.clone());
                show(&metrics, keys);
                info!(keys = keys.holders().count(), "caller keys reloaded");
            })
        }));
    }
    if let Some((keys, source)) = admin_keys.zip(admin_source).filter(|(_, source)| source.may_change()) {
        let (callers, admins) = (Arc::clone(&callers), Arc::clone(&admins));
        let counted = metrics.reloads.of(ReloadedFile::AdminKeys);
        tokio::spawn(restart_on_panic("task that reads the admin keys", None, move || {
            let (source, callers, admins) = (source.clone(), Arc::clone(&callers), Arc::clone(&admins));
            let read = move || source.read(&callers.keys());
            reload::watch("admin keys", counted.clone(), keys.clone(), read, move |keys| {
                admins.replace(keys.clone());
                info!(keys = keys.holders().count(), "admin keys reloaded");
            })
        }));
    }
    (callers, admins)
}

/// Shows who calls, and until when.
fn show(metrics: &Metrics, keys: &KeyRing) {
    metrics.mails.expect(keys.holders().map(|(name, ())| name));
    metrics.key_ends.replace(keys.ends().into_iter());
}
