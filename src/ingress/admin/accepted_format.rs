//! The format of `/metrics` that a client wants, by its `Accept` header (RFC 9110 12.5.1).
//!
//! The plain format is written where both are wanted alike, where any is, and where the header is missing or names neither:
//! all that reads metrics reads that one. Deliberately absent: a 406, of which a collector could make nothing.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

use crate::runtime::metrics::Format;

/// A quality of 1.
const FULL: u16 = 1000;

/// The format to answer with.
pub(super) fn accepted_format(headers: &HeaderMap) -> Format {
    let quality = |format| {
        let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let matches = values.flat_map(|value| value.split(',')).filter_map(|range| matched(range, format));
        // The most specific range decides.
        matches.max().map_or(0, |(_, quality)| quality)
    };
    if quality(Format::OpenMetrics) > quality(Format::Plain) { Format::OpenMetrics } else { Format::Plain }
}

/// If the format is in this range: how specific the range is, and its quality in thousandths.
fn matched(range: &str, format: Format) -> Option<(u8, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let mut specificity = specificity(parts.next()?, format.media_type())?;
    let mut quality = FULL;
    for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
        if name.eq_ignore_ascii_case("q") {
            quality = thousandths(value)?;
        } else if name.eq_ignore_ascii_case("version") {
            specificity = (value.trim_matches('"') == format.version()).then_some(3)?;
        }
    }
    Some((specificity, quality))
}

/// 0 for `*/*`, 1 for all subtypes, 2 for the media type itself.
fn specificity(range: &str, media_type: &str) -> Option<u8> {
    let (main, _) = media_type.split_once('/')?;
    let is_all_of_main = |range: &str| range.strip_suffix("/*").is_some_and(|range| range.eq_ignore_ascii_case(main));
    match range {
        "*/*" => Some(0),
        range if is_all_of_main(range) => Some(1),
        range => range.eq_ignore_ascii_case(media_type).then_some(2),
    }
}

/// A weight from 0 to 1, with up to three digits behind its point.
fn thousandths(weight: &str) -> Option<u16> {
    let weight = weight.parse::<f32>().ok().filter(|weight| (0.0..=1.0).contains(weight))?;
    Some((weight * f32::from(FULL)).round() as u16)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::Format::{OpenMetrics, Plain};
    use super::*;

    const PROMETHEUS_2: &str = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
        text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    const PROMETHEUS_3: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
        application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
        text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
    const PLAIN_FIRST: &str = "text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5";

    fn format(accepts: &[&str]) -> Format {
        let value = |accept: &&str| (ACCEPT, HeaderValue::from_str(accept).unwrap());
        accepted_format(&accepts.iter().map(value).collect())
    }

    #[test]
    fn plain_is_written_unless_the_other_format_is_wanted_more() {
        for (accept, expected) in [
            (PROMETHEUS_2, OpenMetrics),
            (PROMETHEUS_3, OpenMetrics),
            (PLAIN_FIRST, Plain),
            ("*/*", Plain),
            ("", Plain),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Plain),
            ("application/json", Plain),
            ("application/openmetrics-text", OpenMetrics),
            ("APPLICATION/OpenMetrics-Text; Version=\"1.0.0\"", OpenMetrics),
            ("application/openmetrics-text, text/plain", Plain),
            ("application/openmetrics-text; q=0.5, text/*; q=0.4", OpenMetrics),
            ("application/*", OpenMetrics),
            ("application/openmetrics-text;version=2.0.0", Plain),
            ("application/openmetrics-text;version=0.0.1", Plain),
        ] {
            assert_eq!(format(&[accept]), expected, "{accept}");
        }
        assert_eq!(format(&[]), Plain);
    }

    #[test]
    fn the_most_specific_range_decides_and_not_the_greatest_weight() {
        assert_eq!(format(&["*/*, text/plain;q=0.5"]), OpenMetrics);
        assert_eq!(format(&["text/plain, text/plain;version=0.0.4;q=0.1, */*;q=0.5"]), OpenMetrics);
        assert_eq!(format(&["*/*;q=0.5", "text/plain;q=0"]), OpenMetrics, "two headers are one list");
        assert_eq!(format(&["application/openmetrics-text;q=0, */*;q=0.1"]), Plain);
    }

    #[test]
    fn a_range_with_an_impossible_weight_is_left_out() {
        for weight in ["2", "-1", "NaN", "much", ""] {
            assert_eq!(format(&[&format!("application/openmetrics-text;q={weight}")]), Plain, "{weight}");
        }
    }
}
