//! The span of the caller, as the header `traceparent` tells it (W3C Trace Context, section 3.2).
//!
//! In a version after 00 the parts that are known are read, as the recommendation wants it. Deliberately absent:
//! `tracestate`, which is for those who send a trace on: a provider gets neither header.

use super::id::{SpanId, TraceId, number};

/// The digits of version, trace, span and flags, with a dash between each.
const LENGTH: usize = 55;
/// The flag: the caller records its span.
const SAMPLED: u64 = 1;

/// The span that a request was made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    pub(super) is_recorded: bool,
}

impl Parent {
    /// What the value of the one header says; `None`: nothing that could be relied on.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (known, more) = text.split_at_checked(LENGTH)?;
        let version = number(&known[..2]).filter(|version| *version != 0xff)?;
        let may_end_so = if version == 0 { more.is_empty() } else { matches!(more, [] | [b'-', ..]) };
        let has_dashes = [2, 35, 52].iter().all(|&at| known[at] == b'-');
        let (trace_id, span_id) = (TraceId::parse(&known[3..35])?, SpanId::parse(&known[36..52])?);
        let is_recorded = number(&known[53..])? & SAMPLED == SAMPLED;
        (may_end_so && has_dashes).then_some(Self { trace_id, span_id, is_recorded })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn parse(text: &str) -> Option<(String, String, bool)> {
        let parent = Parent::parse(text.as_bytes())?;
        Some((parent.trace_id.to_string(), parent.span_id.to_string(), parent.is_recorded))
    }

    #[test]
    fn what_the_recommendation_calls_valid_is_read_and_nothing_else() {
        let zeros = ["0".repeat(32), "0".repeat(16)];
        for (text, is_recorded) in [
            (format!("00-{TRACE}-{SPAN}-01"), Some(true)),
            (format!("00-{TRACE}-{SPAN}-00"), Some(false)),
            (format!("00-{TRACE}-{SPAN}-ff"), Some(true)),
            (format!("00-{TRACE}-{SPAN}-02"), Some(false)),
            (format!("cc-{TRACE}-{SPAN}-01"), Some(true)),
            (format!("cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like"), Some(true)),
            (format!("cc-{TRACE}-{SPAN}-01."), None),
            (format!("00-{TRACE}-{SPAN}-01-"), None),
            (format!("00-{TRACE}-{SPAN}-01-more"), None),
            (format!("ff-{TRACE}-{SPAN}-01"), None),
            (format!("FF-{TRACE}-{SPAN}-01"), None),
            (format!("0-{TRACE}-{SPAN}-01"), None),
            (format!("00-{}-{SPAN}-01", zeros[0]), None),
            (format!("00-{TRACE}-{}-01", zeros[1]), None),
            (format!("00-{}-{SPAN}-01", TRACE.to_uppercase()), None),
            (format!("00-{TRACE}-{SPAN}-0A"), None),
            (format!("00-{TRACE}-{SPAN}-1"), None),
            (format!("00_{TRACE}_{SPAN}_01"), None),
            (format!(" 00-{TRACE}-{SPAN}-01"), None),
            (format!("00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01"), None),
            (format!("00-{}g-{SPAN}-01", &TRACE[1..]), None),
            (format!("00-{TRACE}{SPAN}-01"), None),
            (String::new(), None),
        ] {
            let expected = is_recorded.map(|is_recorded| (TRACE.to_owned(), SPAN.to_owned(), is_recorded));
            assert_eq!(parse(&text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_id_is_read_as_it_is_written(trace in 1_u128.., span in 1_u64.., flags: u8) {
            let read = parse(&format!("00-{trace:032x}-{span:016x}-{flags:02x}"));
            prop_assert_eq!(read, Some((format!("{trace:032x}"), format!("{span:016x}"), flags & 1 == 1)));
        }

        #[test]
        fn no_bytes_are_too_odd_to_be_looked_at(bytes in prop::collection::vec(any::<u8>(), 0..80), at in 0..55_usize, odd: u8) {
            let _ = Parent::parse(&bytes);
            let mut text = format!("00-{TRACE}-{SPAN}-01").into_bytes();
            let before = std::mem::replace(&mut text[at], odd);
            let is_hex = odd.is_ascii_digit() || (b'a'..=b'f').contains(&odd);
            if !is_hex && odd != before {
                prop_assert_eq!(Parent::parse(&text), None);
            }
        }
    }
}
