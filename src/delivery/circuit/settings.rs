//! When a circuit opens and closes.

use super::window::BUCKETS;
use super::word::{MAX_MAILS, MAX_STREAK};

/// The policies of one circuit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Failures in a row that open it: 1 to [`Settings::MAX_STREAK`].
    pub consecutive_failures: u16,
    /// Successful probes in a row that close it: 1 to [`Settings::MAX_STREAK`].
    pub probes_to_close: u16,
    /// What a sliding window of answers opens it for; `None`: only the streak does.
    pub rates: Option<Rates>,
    /// Does it take only a share of mail after it has closed, until the supervisor raises it?
    pub ramps: bool,
    /// Closed from the start, or held until a probe has decided?
    pub start_closed: bool,
    /// Rings of counters, so that threads count without meeting.
    pub shards: usize,
}

/// What a window of answers opens a circuit for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Milliseconds of one of the window's ten buckets, at least 1.
    pub bucket: u64,
    /// Below so many answers no share says anything.
    pub min_calls: u32,
    /// Failures, of all answers: above 0, at most 1.
    pub failure_rate: f64,
    /// Slow ones, of all answers: above 0, at most 1; `None`: slowness does not open it.
    pub slow_rate: Option<f64>,
    /// Mails in a row that fail, 1 to [`Settings::MAX_MAILS`], while another provider is ready and a fifth of the window has
    /// failed; `None`: that does not open it.
    pub early_failures: Option<u8>,
}

impl Settings {
    /// The longest streak that the word can count.
    pub const MAX_STREAK: u16 = MAX_STREAK;
    /// The most mails in a row that the word can count.
    pub const MAX_MAILS: u8 = MAX_MAILS;

    /// Probes that a held circuit is credited with in advance: it needs only one more to close.
    pub(super) fn precredited_probes(&self) -> u16 {
        self.probes_to_close - 1
    }
}

impl Rates {
    /// How many buckets a window has.
    pub const BUCKETS: u64 = BUCKETS as u64;

    /// The bucket that this time, in milliseconds, falls into.
    #[inline]
    pub(super) fn tick(&self, now: u64) -> u32 {
        (now / self.bucket) as u32
    }
}
