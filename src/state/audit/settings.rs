//! How long the records of orders are kept.

use std::time::Duration;

use crate::runtime::settings::{Parsed, Plain, setting, settings};

settings! {
    /// How long the records of orders are kept.
    #[derive(Clone, Copy, Debug)]
    pub struct Settings {
        keep: Duration as AUDIT_KEEP = setting(
            "365d",
            &DAYS,
            "how long the store keeps orders for circuits and orders for the outbox: a million of each at most. Without a \
             store each node remembers the last thousand of its own",
        );
    }
}

/// Ten years.
const LONGEST: u64 = 3650;

const DAYS: Plain<Duration> = Plain { unit: "days, at most `3650d`", parse: days };

fn days(text: &str) -> Parsed<Duration> {
    let days = text.strip_suffix('d').and_then(|number| number.parse().ok());
    let time = days.filter(|days| (1..=LONGEST).contains(days)).map(|days| Duration::from_secs(days * 86_400));
    time.ok_or_else(|| "must be a number of days, for example 365d, at most 3650d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_kept_for_a_day_to_ten_years() {
        for (text, days) in [("1d", 1), (AUDIT_KEEP.row.default.unwrap(), 365), ("3650d", 3650)] {
            assert_eq!(super::days(text), Ok(Duration::from_secs(days * 86_400)), "{text}");
        }
        for text in ["", "d", "0d", "3651d", "365", "24h", "-1d", "1.5d"] {
            assert!(days(text).is_err(), "{text}");
        }
    }
}
