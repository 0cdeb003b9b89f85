//! What a provider did with each recipient of a mail.

use std::collections::BTreeMap;

/// What a provider did with one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Taken,
    /// For good.
    Refused,
    /// For now.
    Deferred,
}

/// What it did with all of them, and whether its answer says which is which.
#[derive(Clone, Debug)]
pub(crate) struct Fates {
    pub(crate) of: BTreeMap<String, Fate>,
    pub(crate) tells: bool,
}

impl Fates {
    pub(crate) fn has(&self, fate: Fate) -> bool {
        self.of.values().any(|of| *of == fate)
    }

    /// Were some taken and some not?
    pub(crate) fn is_partial(&self) -> bool {
        self.has(Fate::Taken) && self.of.values().any(|fate| *fate != Fate::Taken)
    }
}
