//! Lines of JSON: flat, whole whatever their fields hold, and with one field of a name.

use serde_json::{Value, json};
use tracing::field::Empty;
use tracing::{Level, info, span};

use super::super::fixture::written;
use super::*;

/// The lines, without their places for the time.
fn lines(log: impl FnOnce()) -> Vec<Value> {
    let text = written(JsonLine, log);
    let line = |line: &str| {
        assert_eq!(line.find(timestamp::PLACE), Some(TIME_AT), "{line}");
        let mut line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        line.as_object_mut().unwrap().remove("timestamp");
        line
    };
    text.lines().map(line).collect()
}

#[test]
fn a_line_is_one_flat_object_with_the_fields_of_its_span_whatever_they_hold() {
    let odd = "a \"b\"\n\u{1}ü\\";
    let lines = lines(|| {
        let span = span!(Level::INFO, "request", request_id = odd, trace_id = "4bf9", caller = Empty);
        span.record("caller", odd);
        span.in_scope(
            || info!(%odd, shown = ?odd, yes = true, less = -1, more = u64::MAX, share = 0.5, none = f64::NAN, "{odd}"),
        );
        info!("outside");
    });
    let inside = json!({
        "level": "INFO", "message": odd, "odd": odd, "shown": format!("{odd:?}"), "yes": true, "less": -1,
        "more": u64::MAX, "share": 0.5, "none": null, "target": module_path!(),
        "request_id": odd, "trace_id": "4bf9", "caller": odd,
    });
    assert_eq!(lines, [inside, json!({"level": "INFO", "message": "outside", "target": module_path!()})]);
}

/// Values of one name in the text of a line: JSON itself would show the last one alone.
fn values<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!("\"{name}\":\"");
    text.split(&start).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0)).collect()
}

#[test]
fn a_name_stands_once_in_a_line_and_the_event_is_heard_before_its_span() {
    let text = written(JsonLine, || {
        let span = span!(Level::INFO, "request", request_id = "r", caller = "first");
        span.record("caller", "shop");
        let none = None::<&str>;
        span.in_scope(|| info!(caller = none, "of the span"));
        span.in_scope(|| info!(caller = "billing", request_id = "own", "of the event"));
    });
    let lines: Vec<_> = text.lines().collect();
    assert_eq!((values(lines[0], "caller"), values(lines[0], "request_id")), (vec!["shop"], vec!["r"]), "{text}");
    assert_eq!((values(lines[1], "caller"), values(lines[1], "request_id")), (vec!["billing"], vec!["own"]), "{text}");
}
