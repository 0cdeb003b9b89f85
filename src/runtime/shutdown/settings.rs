//! How long a node takes to end.

use std::time::Duration;

use crate::runtime::settings::{DURATION, setting, settings};

settings! {
    /// How long the end may take.
    #[derive(Clone, Copy, Debug)]
    pub struct Settings {
        delay: Duration as DRAIN_DELAY =
            setting("0s", &DURATION, "from the stop signal to the closing of the API listener");
        deadline: Duration as DRAIN_DEADLINE = setting("20s", &DURATION, "from there to the exit, at most");
    }
}
