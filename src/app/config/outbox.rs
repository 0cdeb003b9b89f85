//! The outbox: what it takes, and how mail leaves it.

use std::time::Duration;

use crate::delivery::dispatch;
use crate::delivery::dispatch::AllOpen;
use crate::delivery::dispatch::settings::ALL_OPEN;
use crate::runtime::settings::Section;
use crate::service::outbox;
use crate::service::outbox::FALLBACK_TIME;
use crate::service::outbox::settings::{OUTBOX, OUTBOX_FALLBACK};
use crate::state;
use crate::state::answers::STORE_TIMEOUT;
use crate::state::outbox::settings::OUTBOX_ATTEMPTS;

use super::StoreConfig;

/// An outbox that is on.
pub struct OutboxConfig {
    /// What it takes.
    pub service: outbox::Settings,
    /// How mail leaves it.
    pub pump: state::outbox::Settings,
}

/// What a request may take beyond its deadline: a store has a time of its own to hear what became of it, and an outbox one to
/// take its mail.
pub fn time_of_store(store: Option<&StoreConfig>, outbox: Option<&OutboxConfig>) -> Duration {
    let (hears, takes) = (store.map(|_| STORE_TIMEOUT), outbox.map(|_| FALLBACK_TIME));
    hears.unwrap_or_default() + takes.unwrap_or_default()
}

/// `Some(None)`: it is off; `None`: a mistake was recorded.
pub(super) fn read(section: &mut Section, store: Option<&Option<StoreConfig>>) -> Option<Option<OutboxConfig>> {
    let service = outbox::Settings::read(section);
    let pump = state::outbox::Settings::read(section);
    let (service, pump) = (service?, pump?);
    if !service.on && service.fallback {
        section.error(OUTBOX_FALLBACK.row.name, "needs the outbox: set SMSP_OUTBOX=on");
    }
    if !service.on {
        return Some(None);
    }
    if matches!(store, Some(None)) {
        section.error(OUTBOX.row.name, "needs a store: set SMSP_STORE and SMSP_STORE_KEY");
    }
    Some(Some(OutboxConfig { service, pump }))
}

/// A node that takes mail for later while no circuit is usable must not end just then, and is worth its place behind a load
/// balancer.
pub(super) fn check_fallback(section: &mut Section, outbox: Option<&OutboxConfig>, dispatch: &dispatch::Settings) {
    let Some(OutboxConfig { pump, .. }) = outbox.filter(|outbox| outbox.service.fallback) else { return };
    match dispatch.all_open {
        AllOpen::Exit => section.error(ALL_OPEN.row.name, "is exit, but SMSP_OUTBOX_FALLBACK takes mail while no circuit is usable: set one of them otherwise"),
        AllOpen::Unhealthy => section.warning(ALL_OPEN.row.name, "is unhealthy, so load balancers leave this node out while no circuit is usable, though SMSP_OUTBOX_FALLBACK takes mail just then"),
        AllOpen::Serve => {}
    }
    if pump.attempts == Some(1) {
        section
            .warning(OUTBOX_ATTEMPTS.row.name, "is 1, so SMSP_OUTBOX_FALLBACK does not take mail that was tried once");
    }
}
