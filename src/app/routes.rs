//! The rules of routing; where they stand in a file, it is read again and again.

use std::sync::Arc;

use tracing::info;

use super::reload;
use crate::app::config::RoutesConfig;
use crate::delivery::dispatch::Dispatcher;
use crate::runtime::metrics::{Metrics, ReloadedFile};
use crate::runtime::restart::restart_on_panic;

/// Starts a task that reads the rules anew.
pub(super) fn watch(routes: RoutesConfig, dispatcher: &Arc<Dispatcher>, metrics: &Metrics) {
    let RoutesConfig { rules, source, .. } = routes;
    let Some(source) = source.filter(|source| source.may_change()) else { return };
    let (dispatcher, counted) = (Arc::clone(dispatcher), metrics.reloads.of(ReloadedFile::Routes));
    tokio::spawn(restart_on_panic("task that reads the routes", None, move || {
        let (source, dispatcher) = (source.clone(), Arc::clone(&dispatcher));
        reload::watch(
            "routes",
            counted.clone(),
            rules.clone(),
            move || source.read(),
            move |rules| {
                dispatcher.replace_rules(rules.clone());
                info!(rules = rules.iter().len(), "routes reloaded");
            },
        )
    }));
}
