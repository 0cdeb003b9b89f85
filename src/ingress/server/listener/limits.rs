//! What a listener grants its clients.

use std::time::Duration;

/// The limits of one listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the head of a request to arrive.
    pub header_timeout: Duration,
    /// For a kept connection without a request, and for a client to take an answer.
    pub idle_timeout: Duration,
    /// Connections at a time.
    pub max_connections: usize,
}

impl Limits {
    /// The most connections that an operator may set: more than a node has ports and file descriptors for.
    pub const MAX_CONNECTIONS: usize = 1_000_000;
    /// The limits of the admin listener, which has few clients.
    pub const ADMIN: Self =
        Self { header_timeout: Duration::from_secs(5), idle_timeout: Duration::from_secs(60), max_connections: 256 };
}
