//! The settings of the outbox: whether there is one, and how much it takes.

use std::time::Duration;

use crate::runtime::settings::{Choice, Count, Parsed, Plain, SIZE, setting, settings};

settings! {
    /// What the outbox takes.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Settings {
        on: bool as OUTBOX = setting(
            "off",
            &Choice(&[("on", true), ("off", false)]),
            "accept mail that is sent later (`POST /outbox`); `on` needs `SMSP_STORE`",
        );
        max_rows: usize as OUTBOX_MAX_ROWS =
            setting("1000000", &Count(1_000_000_000), "mails that wait in the outbox, of all callers; more are 503");
        max_bytes: usize as OUTBOX_MAX_BYTES =
            setting("10GiB", &SIZE, "bytes of these mails; more are 503");
        expiry: Duration as OUTBOX_EXPIRY =
            setting("48h", &DAYS, "how long a mail without `expires_at` is tried, from when it is due");
    }
}

/// The longest time that a mail may be tried for: 30 days.
pub const MAX_EXPIRY: Duration = Duration::from_secs(30 * 24 * 3600);

const DAYS: Plain<Duration> = Plain { unit: "time in `m` or `h`, at most `720h`", parse: days };

/// Minutes or hours, at most thirty days of them.
fn days(text: &str) -> Parsed<Duration> {
    let parsed = [("m", 60), ("h", 3600)].into_iter().find_map(|(unit, seconds)| {
        let number = text.strip_suffix(unit)?.parse::<u64>().ok()?;
        Some(Duration::from_secs(number.checked_mul(seconds)?))
    });
    let sound = parsed.filter(|time| !time.is_zero() && *time <= MAX_EXPIRY);
    sound.ok_or_else(|| "must be a time in minutes or hours, for example 48h, at most 720h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_a_minute_to_thirty_days() {
        for (text, seconds) in [("1m", 60), ("48h", 172_800), ("720h", 2_592_000)] {
            assert_eq!(days(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "h", "0h", "2d", "721h", "-1h", "99999999999999999999h", "9999999999999999999h"] {
            assert!(days(text).is_err(), "{text}");
        }
    }
}
