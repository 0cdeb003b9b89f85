//! README, tutorial and two how-tos do what they say: every fenced block is run, or is what the block above it prints.

use serde_json::Value;

use super::markdown::Document;
use super::terminal::{Printed, follow};

/// Keys whose values differ from run to run; `value` is that of `lookup`, an id.
const OF_EACH_RUN: [&str; 5] = ["id", "provider_message_id", "duration_ms", "request_id", "value"];

#[test]
fn readme_does_what_it_says() {
    run("README.md");
}

#[test]
fn tutorial_does_what_it_says() {
    run("docs/tutorial.md");
}

#[test]
fn how_to_send_later_does_what_it_says() {
    run("docs/how-to/send-later.md");
}

#[test]
fn how_to_read_an_outage_does_what_it_says() {
    run("docs/how-to/read-an-outage.md");
}

fn run(path: &str) {
    let document = Document::read(path);
    let known = ["sh", "sh server", "json", "text"];
    let others: Vec<_> = document.blocks.iter().filter(|block| !known.contains(&block.info.as_str())).collect();
    assert!(others.is_empty(), "blocks that nothing runs: {:?}", others.iter().map(|b| &b.info).collect::<Vec<_>>());
    if let Some(printed) = follow(&document) {
        let wrong = differences(&document, &printed);
        assert!(wrong.is_empty(), "{path}:\n{}", wrong.join("\n"));
    }
}

/// Blocks that show something else than the block above them prints.
fn differences(document: &Document, printed: &Printed) -> Vec<String> {
    let mut wrong = Vec::new();
    for (index, block) in document.blocks.iter().enumerate() {
        let Some(Some(above)) = index.checked_sub(1).map(|above| &printed[above]) else { continue };
        let is_shown = match block.info.as_str() {
            "json" => shows_answer(&block.text, above),
            "text" => shows_lines(&block.text, above),
            _ => true,
        };
        if !is_shown {
            wrong.push(format!("--- the document shows\n{}--- printed was\n{above}", block.text));
        }
    }
    wrong
}

/// Is the last line that is printed this answer, but for what differs from run to run? An answer may have more fields than
/// a document shows.
fn shows_answer(shown: &str, printed: &str) -> bool {
    let shown: Value = serde_json::from_str(shown).unwrap_or_else(|error| panic!("{error} in {shown}"));
    let last = printed.lines().rfind(|line| line.starts_with('{')).unwrap_or_default();
    serde_json::from_str(last).is_ok_and(|printed| has(&printed, &shown, ""))
}

fn has(printed: &Value, shown: &Value, key: &str) -> bool {
    match (printed, shown) {
        (Value::Object(printed), Value::Object(shown)) => {
            shown.iter().all(|(key, value)| printed.get(key).is_some_and(|printed| has(printed, value, key)))
        }
        (Value::Array(printed), Value::Array(shown)) => {
            printed.len() == shown.len() && printed.iter().zip(shown).all(|(printed, shown)| has(printed, shown, key))
        }
        (Value::String(_), Value::String(_)) | (Value::Number(_), Value::Number(_)) => {
            OF_EACH_RUN.contains(&key) || printed == shown
        }
        _ => printed == shown,
    }
}

/// Do these lines stand among those that are printed, in this order, the first one first and the last one last?
fn shows_lines(shown: &str, printed: &str) -> bool {
    let mut rest = printed.lines();
    let ends = [shown.lines().next() == printed.lines().next(), shown.lines().last() == printed.lines().last()];
    ends == [true, true] && shown.lines().all(|line| rest.any(|printed| printed == line))
}

#[test]
fn answer_that_is_not_the_one_shown_is_found() {
    let shown = r#"{"id": "a", "attempts": [{"provider": "mock", "duration_ms": 1}]}"#;
    let printed = |text: &str| format!("noise\n{text}\n");
    for same in [
        r#"{"id":"b","attempts":[{"provider":"mock","duration_ms":7}]}"#,
        r#"{"id":"b","more":1,"attempts":[{"provider":"mock","duration_ms":7}]}"#,
    ] {
        assert!(shows_answer(shown, &printed(same)), "{same}");
    }
    for other in [
        r#"{"id":"b","attempts":[]}"#,
        r#"{"id":"b","attempts":[{"provider":"sg","duration_ms":7}]}"#,
        r#"{"attempts":[{"provider":"mock","duration_ms":7}]}"#,
        r#"{"id":1,"attempts":[{"provider":"mock","duration_ms":7}]}"#,
        "",
    ] {
        assert!(!shows_answer(shown, &printed(other)), "{other}");
    }
}

#[test]
fn lines_that_are_not_those_shown_are_found() {
    assert!(shows_lines("open\nclosed\n", "open\nopen\nhalf_open\nclosed\n"));
    for printed in ["open\n", "closed\nopen\n", "open\nclosed\nopen\n", "half_open\nopen\nclosed\n", ""] {
        assert!(!shows_lines("open\nclosed\n", printed), "{printed}");
    }
}
