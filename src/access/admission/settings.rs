//! How much this node takes on at once.

use crate::runtime::settings::{Count, SIZE, setting, settings};

settings! {
    /// How much this node takes on at once.
    #[derive(Clone, Copy, Debug)]
    pub struct Settings {
        max_in_flight: usize as MAX_IN_FLIGHT =
            setting("1024", &Count(Settings::MAX_IN_FLIGHT), "mails in flight at a time");
        max_in_flight_bytes: usize as MAX_IN_FLIGHT_BYTES =
            setting("48MiB", &SIZE, "bytes of request bodies at a time, as they come");
    }
}

impl Settings {
    /// The most mails in flight that an operator may set: more than memory would bear.
    pub const MAX_IN_FLIGHT: usize = 1_000_000;
}
