//! How many answers are held.

use crate::runtime::settings::{Count, setting, settings};

settings! {
    /// What is held for repeats of a call.
    #[derive(Clone, Copy, Debug)]
    pub struct Settings {
        held_answers: usize as HELD_ANSWERS = setting(
            "20000",
            &Count(MAX_HELD_ANSWERS),
            "answers to calls with an `Idempotency-Key` that are held for their repeats; about 600 bytes each. Where there is \
             a store, it holds them all, for a day",
        );
    }
}

/// More than memory would bear.
const MAX_HELD_ANSWERS: usize = 10_000_000;
