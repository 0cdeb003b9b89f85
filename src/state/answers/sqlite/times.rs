//! The two times that a command compares records with.

use crate::runtime::unix_time::UnixTime;
use crate::state::store::Clock;

/// The times of one moment.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) now: UnixTime,
    /// Records that are kept until then are over.
    pub(super) over: UnixTime,
}

impl Times {
    /// By this clock.
    pub(super) fn by(clock: &Clock) -> Self {
        Self { now: clock.now(), over: clock.over() }
    }
}
