//! What a listener grants its clients.

use std::time::Duration;

use crate::runtime::settings::{Count, PERIOD, setting, settings};

settings! {
    /// The limits of one listener.
    #[derive(Clone, Copy, Debug)]
    pub struct Limits {
        header_timeout: Duration as HEADER_TIMEOUT = setting("5s", &PERIOD, "for the head of a request");
        idle_timeout: Duration as IDLE_TIMEOUT =
            setting("60s", &PERIOD, "for a kept connection without a request, and for an answer to be taken");
        max_connections: usize as MAX_CONNECTIONS =
            setting("10000", &Count(Limits::MAX_CONNECTIONS), "connections of callers at a time");
    }
}

impl Limits {
    /// The most connections that an operator may set: more than a node has ports and file descriptors for.
    pub const MAX_CONNECTIONS: usize = 1_000_000;
    /// The limits of the admin listener, which has few clients: a silent connection does not hold its place for long.
    pub const ADMIN: Self =
        Self { header_timeout: Duration::from_secs(5), idle_timeout: Duration::from_secs(15), max_connections: 1024 };
}
