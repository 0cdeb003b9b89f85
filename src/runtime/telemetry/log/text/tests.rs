//! Lines for people: the first fact soon, one way to quote, and nothing that a terminal would take for a command.

use tracing::field::Empty;
use tracing::{Level, info, span, warn};

use super::super::fixture::written;
use super::*;

const OURS: TextLine = TextLine { has_colours: false };

/// The first line without its time.
fn line(log: impl FnOnce()) -> String {
    let text = written(OURS, log);
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix(&format!("{} ", timestamp::PLACE)).unwrap_or_else(|| panic!("{line}")).to_owned()
}

#[test]
fn the_facts_of_an_event_come_before_those_of_its_span_and_a_name_stands_once() {
    let line = line(|| {
        let span = span!(Level::INFO, "request", request_id = "r-1", caller = Empty);
        span.record("caller", "shop");
        span.in_scope(|| warn!(target: "smsp::x", upstream = "mg", took = 7, caller = "own", "attempt"));
    });
    assert_eq!(line, " WARN attempt upstream=mg took=7 caller=own request_id=r-1");
}

#[test]
fn a_value_is_quoted_where_it_needs_it_however_it_came() {
    let (spaced, quoted, empty) = ("a b", "say \"no\"", "");
    let line = line(|| {
        info!(target: "smsp", plain = "mg:busy,sg:weight", shown = %"http_503", debug = ?std::time::Duration::from_secs(20),
            spaced, quoted = %quoted, empty, sum = "a=b", yes = true, "it's \"said\"");
    });
    let expected = " INFO it's \"said\" plain=mg:busy,sg:weight shown=http_503 debug=20s spaced=\"a b\" \
                    quoted=\"say \\\"no\\\"\" empty=\"\" sum=\"a=b\" yes=true";
    assert_eq!(line, expected);
}

#[test]
fn no_text_is_a_command_to_a_terminal_or_a_line_of_its_own() {
    let odd = "\u{1b}[31mred\r\nnext\u{202e}'";
    let line = line(|| info!(target: "smsp", odd, shown = %odd, "{odd}"));
    let escaped = "\\u{1b}[31mred\\r\\nnext\\u{202e}'";
    assert_eq!(line, format!(" INFO {escaped} odd=\"{escaped}\" shown=\"{escaped}\""));
}

#[test]
fn lines_of_libraries_name_their_module() {
    assert_eq!(line(|| warn!(target: "hyper::proto", "odd")), " WARN hyper::proto: odd");
}

#[test]
fn colours_change_nothing_but_the_looks() {
    let log = || {
        let span = span!(Level::INFO, "request", request_id = "r-1");
        span.in_scope(|| warn!(target: "smsp", upstream = "a b", took = 7, "attempt"));
    };
    let (coloured, plain) = (written(TextLine { has_colours: true }, log), written(OURS, log));
    assert!(coloured.contains("\u{1b}[33m WARN\u{1b}[0m"), "{coloured:?}");
    let stripped = [DIM, BOLD, PLAIN, "\u{1b}[33m"].iter().fold(coloured.clone(), |text, code| text.replace(code, ""));
    assert_eq!(stripped, plain);
    let at = TextLine { has_colours: true }.time_at();
    assert_eq!((coloured.find(timestamp::PLACE), plain.find(timestamp::PLACE)), (Some(at), Some(OURS.time_at())));
}
