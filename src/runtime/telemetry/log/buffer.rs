//! The queue of the process's log lines, and the listener that is told how many were dropped.

use std::sync::OnceLock;

use super::queue::Queue;

/// Bytes of lines that wait to be written, at most.
const CAPACITY: usize = 8 << 20;

pub(super) static QUEUE: Queue = Queue::new(CAPACITY);
static ON_DROPPED: OnceLock<Box<dyn Fn(u64) + Send + Sync>> = OnceLock::new();

/// Sets what is called with the number of lines that were not written; `false`: it is set already.
pub(in crate::runtime::telemetry) fn on_dropped(hear: impl Fn(u64) + Send + Sync + 'static) -> bool {
    ON_DROPPED.set(Box::new(hear)).is_ok()
}

/// Reports lines that were not written, if there are any.
pub(super) fn report_dropped(lines: u64) {
    if lines > 0 {
        ON_DROPPED.get().into_iter().for_each(|hear| hear(lines));
    }
}
