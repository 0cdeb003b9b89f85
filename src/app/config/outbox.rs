//! The outbox: what it takes, and how mail leaves it.

use crate::runtime::settings::Section;
use crate::service::outbox;
use crate::service::outbox::settings::OUTBOX;
use crate::state;

use super::StoreConfig;

/// An outbox that is on.
pub struct OutboxConfig {
    /// What it takes.
    pub service: outbox::Settings,
    /// How mail leaves it.
    pub pump: state::outbox::Settings,
}

/// `Some(None)`: it is off; `None`: a mistake was recorded.
pub(super) fn read(section: &mut Section, store: Option<&Option<StoreConfig>>) -> Option<Option<OutboxConfig>> {
    let service = outbox::Settings::read(section);
    let pump = state::outbox::Settings::read(section);
    let (service, pump) = (service?, pump?);
    if !service.on {
        return Some(None);
    }
    if matches!(store, Some(None)) {
        section.error(OUTBOX.row.name, "needs a store: set SMSP_STORE and SMSP_STORE_KEY");
    }
    Some(Some(OutboxConfig { service, pump }))
}
