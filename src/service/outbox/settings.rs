//! The settings of the outbox: whether there is one, and how much it takes.

use std::time::Duration;

use crate::runtime::settings::{BOOLEAN, Choice, Count, LONG_PERIOD, SIZE, setting, settings};
use crate::state::outbox::Room;

settings! {
    /// What the outbox takes.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Settings {
        on: bool as OUTBOX = setting(
            "off",
            &Choice(&[("on", true), ("off", false)]),
            "accept mail that is sent later (`POST /outbox`); `on` needs `SMSP_STORE`",
        );
        fallback: bool as OUTBOX_FALLBACK = setting(
            "false",
            &BOOLEAN,
            "mail of `POST /email` that no provider takes now goes into the outbox, and is answered 202 `queued` instead of \
             503 or a retryable 502; needs `SMSP_OUTBOX=on`",
        );
        max_rows: usize as OUTBOX_MAX_ROWS =
            setting("1000000", &Count(1_000_000_000), "mails that wait in the outbox, of all callers; more are 503");
        max_bytes: usize as OUTBOX_MAX_BYTES =
            setting("10GiB", &SIZE, "bytes of these mails; more are 503");
        expiry: Duration as OUTBOX_EXPIRY =
            setting("48h", &LONG_PERIOD, "how long a mail without `expires_at` is tried, from when it is due");
    }
}

impl Settings {
    /// What the mails of all callers may take.
    pub fn room(&self) -> Room {
        Room { rows: self.max_rows as u64, bytes: self.max_bytes as u64 }
    }
}
