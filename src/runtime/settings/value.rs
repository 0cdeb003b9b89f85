//! From the text of a variable to its value; an error says what to write instead.

use std::net::IpAddr;
use std::time::Duration;

use crate::runtime::suggestion::nearest;

/// Thirty days, in seconds.
const LONGEST: u64 = 30 * 24 * 3600;

/// The value of a text, or what to write instead.
pub type Parsed<T> = Result<T, String>;

/// One of these words.
pub(super) fn choice<T: Copy>(text: &str, words: &[(&str, T)]) -> Parsed<T> {
    let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let meant = nearest(text, names.iter().copied()).map(|near| format!("; did you mean {near}?"));
        format!("must be one of: {}{}", names.join(", "), meant.unwrap_or_default())
    })
}

/// A whole number from 1 to `max`.
pub(super) fn count_to<T: TryFrom<usize>>(text: &str, max: usize) -> Parsed<T> {
    let count = text.parse().ok().filter(|count| (1..=max).contains(count));
    count.and_then(|count| T::try_from(count).ok()).ok_or_else(|| format!("must be a whole number from 1 to {max}"))
}

/// A value, or none where this word stands.
pub(super) fn or_word<T>(text: &str, word: &str, parse: impl Fn(&str) -> Parsed<T>) -> Parsed<Option<T>> {
    if text == word { Ok(None) } else { parse(text).map(Some).map_err(|problem| format!("{problem}, or {word}")) }
}

/// A share above 0 and at most 1.
pub(super) fn share(text: &str) -> Parsed<f64> {
    let share = text.parse().ok().filter(|share| *share > 0.0 && *share <= 1.0);
    share.ok_or_else(|| "must be a share above 0 and at most 1, for example 0.5".to_owned())
}

/// A share in percent, with two decimals at most and below 100 %, in hundredths of a percent.
pub(super) fn percent(text: &str) -> Parsed<u32> {
    let hundredths = |text: &str| {
        let (whole, decimals) = text.strip_suffix('%')?.split_once('.').unwrap_or((text.strip_suffix('%')?, "0"));
        let digits = |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let whole: u32 = whole.parse().ok().filter(|_| digits(whole))?;
        let decimals: u32 = format!("{decimals:0<2}").parse().ok().filter(|_| digits(decimals))?;
        Some(whole * 100 + decimals)
    };
    hundredths(text).ok_or_else(|| "must be percent below 100, for example 1% or 0.5%".to_owned())
}

/// A TCP port; 0 means any.
pub(super) fn port(text: &str) -> Parsed<u16> {
    text.parse().map_err(|_| "must be a port from 0 (any) to 65535".to_owned())
}

/// An address to listen on.
pub(super) fn ip(text: &str) -> Parsed<IpAddr> {
    text.parse().map_err(|_| "must be an IP address, for example 0.0.0.0 or 127.0.0.1".to_owned())
}

/// A time with its unit, perhaps none.
pub(super) fn duration(text: &str) -> Parsed<Duration> {
    let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
    let millis = with_unit(text, &units).filter(|&millis| millis <= 86_400_000);
    millis
        .map(Duration::from_millis)
        .ok_or_else(|| "must be a time with its unit, for example 250ms, 2s or 5m".to_owned())
}

/// A time with its unit, longer than nothing.
pub(super) fn period(text: &str) -> Parsed<Duration> {
    match duration(text)? {
        Duration::ZERO => Err("must be longer than 0s".to_owned()),
        period => Ok(period),
    }
}

/// Minutes or hours, at most thirty days of them.
pub(super) fn long_period(text: &str) -> Parsed<Duration> {
    let seconds = with_unit(text, &[("m", 60), ("h", 3600)]).filter(|seconds| (1..=LONGEST).contains(seconds));
    let time = seconds.map(Duration::from_secs);
    time.ok_or_else(|| "must be a time in minutes or hours, for example 48h, at most 720h".to_owned())
}

/// A time as an operator would write it; what is below a millisecond is left out.
pub fn in_units(time: Duration) -> String {
    match time.as_millis() {
        millis if millis.is_multiple_of(1000) => format!("{}s", millis / 1000),
        millis => format!("{millis}ms"),
    }
}

/// Bytes with their unit.
pub(super) fn size(text: &str) -> Parsed<usize> {
    let bytes = with_unit(text, &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]);
    let bytes = bytes.filter(|&bytes| bytes > 0).and_then(|bytes| usize::try_from(bytes).ok());
    bytes.ok_or_else(|| "must be a size with its unit, for example 512KiB or 26MiB".to_owned())
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_need_a_unit() {
        for (text, millis) in [("250ms", 250), ("2s", 2000), ("5m", 300_000), ("1h", 3_600_000), ("0s", 0)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "5", "s", "-1s", "1.5s", "1 s", "2S", "25h", "99999999999999999999s", "18446744073709551615h"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(period("0ms").is_err());
        for (millis, text) in [(250, "250ms"), (2000, "2s"), (60_000, "60s"), (1500, "1500ms"), (0, "0s")] {
            let time = Duration::from_millis(millis);
            assert_eq!((in_units(time).as_str(), duration(text)), (text, Ok(time)));
        }
    }

    #[test]
    fn a_long_time_is_a_minute_to_thirty_days() {
        for (text, seconds) in [("1m", 60), ("48h", 172_800), ("720h", 2_592_000)] {
            assert_eq!(long_period(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "h", "0h", "2d", "721h", "-1h", "99999999999999999999h", "9999999999999999999h"] {
            assert!(long_period(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_need_a_unit() {
        for (text, bytes) in [("1B", 1), ("512KiB", 524_288), ("26MiB", 27_262_976), ("1GiB", 1 << 30)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "26", "26MB", "0KiB", "-1B", "17179869184GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn percents_are_below_a_hundred_and_have_two_decimals_at_most() {
        for (text, hundredths) in
            [("0%", 0), ("1%", 100), ("0.5%", 50), ("0.05%", 5), ("12.34%", 1234), ("99.99%", 9999)]
        {
            assert_eq!(percent(text), Ok(hundredths), "{text}");
        }
        for text in ["", "1", "%", "100%", "-1%", "+1%", ".5%", "1.%", "1.234%", "1,5%", "1 %", "1%%", "1.+1%"] {
            assert!(percent(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_stay_in_range() {
        assert_eq!((count_to("1", 9), count_to("4095", 4095), port("0")), (Ok(1u16), Ok(4095u16), Ok(0)));
        assert_eq!((share("0.5"), share("1")), (Ok(0.5), Ok(1.0)));
        for text in ["0", "-0.1", "1.01", "NaN", "50%", ""] {
            assert!(share(text).is_err(), "{text}");
        }
        assert!(count_to::<u16>("0", 9).is_err() && count_to::<u16>("4096", 4095).is_err() && port("65536").is_err());
    }
}
