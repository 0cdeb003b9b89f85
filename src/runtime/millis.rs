//! Times in whole milliseconds, as answers, log lines and clocks have them: JSON writes 128 bits as text.

use std::time::Duration;

/// The whole milliseconds of this time.
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
