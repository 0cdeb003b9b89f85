//! The time of a log line: UTC, as RFC 3339 writes it, to the microsecond.
//!
//! A formatter leaves [`PLACE`] for it, and it is written as the line gets its place among the others, so that both tell
//! the same order. Many lines fall into one second, so a thread keeps the text of its last second and writes only the rest anew.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

/// Bytes of a time down to the second: `2026-11-26T08:20:22`.
const LENGTH: usize = 19;
const DIGITS: usize = 6;
/// What stands in a line until its time is written.
pub(super) const PLACE: &str = "0000-00-00T00:00:00.000000Z";

thread_local! {
    // A second since the epoch and its text. Without a destructor, so that a thread can log until its very end.
    static LAST: Cell<(u64, [u8; LENGTH])> = const { Cell::new((0, *b"1970-01-01T00:00:00")) };
}

/// Writes the time of now into a line, whose [`PLACE`] stands there.
pub(super) fn stamp(line: &mut [u8], at: usize) {
    let place = line.get_mut(at..).and_then(|rest| rest.get_mut(..PLACE.len()));
    place.into_iter().for_each(|place| place.copy_from_slice(&text(SystemTime::now())));
}

/// One before 1970 as the first moment of that year.
fn text(time: SystemTime) -> [u8; PLACE.len()] {
    let time = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut last = LAST.get();
    if last.0 != time.as_secs() {
        last = (time.as_secs(), second(time.as_secs()));
        LAST.set(last);
    }
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    text[..LENGTH].copy_from_slice(&last.1);
    let mut rest = time.subsec_micros();
    for digit in text[LENGTH + 1..][..DIGITS].iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
    }
    text
}

/// A second that no four digits of a year can say is written as the first one.
fn second(second: u64) -> [u8; LENGTH] {
    let time = i64::try_from(second).ok().and_then(|second| OffsetDateTime::from_unix_timestamp(second).ok());
    let time = time.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (time.year(), u8::from(time.month()), time.day());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    text.as_bytes().try_into().unwrap_or(LAST.get().1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use time::format_description::well_known::Rfc3339;

    use super::*;

    fn written(time: Duration) -> String {
        String::from_utf8(text(UNIX_EPOCH + time).to_vec()).unwrap()
    }

    proptest! {
        #[test]
        fn a_time_is_read_back_to_the_microsecond(seconds in 0..253_402_300_800_u64, micros in 0..1_000_000_u64) {
            // The second moment of one second takes the text that was kept of the first.
            for time in [Duration::from_secs(seconds), Duration::from_secs(seconds) + Duration::from_micros(micros)] {
                let text = written(time);
                let read = OffsetDateTime::parse(&text, &Rfc3339).unwrap();
                prop_assert_eq!(SystemTime::from(read), UNIX_EPOCH + time);
                prop_assert_eq!(text.len(), "2026-11-26T08:20:22.123456Z".len());
            }
        }
    }

    #[test]
    fn a_clock_that_is_set_wrong_does_no_harm() {
        assert_eq!(written(Duration::from_secs(253_402_300_800)), "1970-01-01T00:00:00.000000Z");
        assert_eq!(text(UNIX_EPOCH - Duration::from_secs(1)), *b"1970-01-01T00:00:00.000000Z");
    }

    #[test]
    fn a_time_is_written_where_its_place_is_and_nowhere_else() {
        let mut line = format!("{{\"timestamp\":\"{PLACE}\"}}\n").into_bytes();
        stamp(&mut line, 14);
        let line = String::from_utf8(line).unwrap();
        let time = line.strip_prefix("{\"timestamp\":\"").and_then(|line| line.strip_suffix("\"}\n")).unwrap();
        assert!(OffsetDateTime::parse(time, &Rfc3339).unwrap().year() > 2000, "{line}");
        let mut short = *b"short\n";
        stamp(&mut short, 3);
        assert_eq!(&short, b"short\n");
    }
}
