//! A body that is not JSON: where, and how to mend it.
//!
//! The JSON library says what its parser wanted. The words here follow from that and from the bytes that stand there, and
//! speak to who wrote them. Nothing of the body is repeated: it may hold addresses.

use memchr::{memchr_iter, memrchr};
use serde_json::Error;

use crate::ingress::api::problem::{Kind, Problem};

/// What the library says of a control character in a string.
const CONTROL: &str = "control character";
const ANOTHER_QUOTE: &str = "put names and strings in double quotes (\"), not in single or typographic ones";
const NUMBER: &str = "a number has no leading zero or plus and digits on both sides of its point; anything else stands \
                      in double quotes";
const VALUE: &str = "a value is a string in double quotes, a number, an object, an array, true, false or null; there is \
                     no NaN, undefined or None";

/// Why the library could not read `json`.
pub(super) fn problem(json: &[u8], error: &Error) -> Problem {
    let detail = another_format(json).map_or_else(|| not_json(json, error), str::to_owned);
    Problem::new(Kind::Malformed, detail)
}

/// What is no attempt at JSON in UTF-8 at all.
fn another_format(json: &[u8]) -> Option<&'static str> {
    let trimmed = json.trim_ascii();
    let name = trimmed.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let is_form = trimmed.starts_with(b"--") || name > 0 && matches!(trimmed[name..], [b'=' | b'%' | b'[', ..]);
    let is_utf_16 = matches!(json, [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0, ..] | [_, 0, ..]);
    match () {
        () if trimmed.is_empty() => Some("The body is empty: send the message as a JSON object."),
        () if is_utf_16 => Some("The body is UTF-16: send it as UTF-8 (RFC 8259 8.1)."),
        () if is_form => Some("The body is form data: send the message as a JSON object."),
        () => None,
    }
}

fn not_json(json: &[u8], error: &Error) -> String {
    let at = offset(json, error);
    let not_utf_8 = str::from_utf8(json).err().filter(|error| error.error_len().is_some());
    if let Some(first) = not_utf_8.map(|error| error.valid_up_to()).filter(|first| *first <= at) {
        let (line, column) = place(json, first);
        return format!("The body is not UTF-8 (byte {}; line {line}, column {column}): send it as UTF-8.", first + 1);
    }
    let (line, column) = place(json, at);
    format!("The body is not JSON (line {line}, column {column}): {}.", advice(json, at, error))
}

/// The index of the byte at which the library stopped.
fn offset(json: &[u8], error: &Error) -> usize {
    let lines_before = error.line().saturating_sub(1);
    let start = lines_before.checked_sub(1).and_then(|nth| memchr_iter(b'\n', json).nth(nth)).map_or(0, |end| end + 1);
    // Behind a line break, the library is on the next line, in no column yet.
    let at = (start + error.column()).saturating_sub(1).min(json.len().saturating_sub(1));
    // In a string that it skips, it stops in front of what may not stand there.
    let is_control = |byte: &u8| *byte < b' ' && error.to_string().starts_with(CONTROL);
    at + usize::from(!is_control(&json[at]) && json.get(at + 1).is_some_and(is_control))
}

/// The line and the column of a position, in characters.
fn place(json: &[u8], at: usize) -> (usize, usize) {
    let before = &json[..at];
    let start = memrchr(b'\n', before).map_or(0, |end| end + 1);
    let is_first_of_character = |byte: &&u8| **byte & 0xc0 != 0x80;
    (memchr_iter(b'\n', before).count() + 1, before[start..].iter().filter(is_first_of_character).count() + 1)
}

fn advice(json: &[u8], at: usize, error: &Error) -> &'static str {
    let said = error.to_string();
    let starts = |words: &str| said.starts_with(words);
    let (before, rest) = json.split_at(at);
    if error.is_eof() {
        if starts("EOF while parsing a string") {
            "the body ends inside of a string: its closing double quote, or the rest of the body, is missing"
        } else {
            "the body ends too early: a closing bracket, or the rest of the body, is missing"
        }
    } else if starts(CONTROL) {
        "inside of a string write a line break as \\n, a tab as \\t, another control character as \\u and four digits"
    } else if starts("invalid escape") {
        "a backslash starts an escape such as \\n or \\u00e9; write the backslash itself as \\\\"
    } else if starts("number out of range") {
        "the number is too large"
    } else if starts("invalid number") {
        NUMBER
    } else if starts("trailing characters") {
        "something follows the message: send one JSON object alone"
    } else if starts("expected `:`") {
        "put a colon between the name and its value"
    } else if starts("expected `,`") {
        instead_of_a_comma(before, rest)
    } else if !json.trim_ascii_start().starts_with(b"{") {
        "start with {: a message is a JSON object"
    } else {
        instead_of_a_value(before, rest, starts("key must be a string"))
    }
}

fn instead_of_a_comma(before: &[u8], rest: &[u8]) -> &'static str {
    match (before, rest) {
        ([.., b'0'..=b'9'], [byte, ..]) if !byte.is_ascii_whitespace() && !b"}]\"".contains(byte) => NUMBER,
        _ => "a comma or a closing bracket is missing, or a double quote inside of a string lacks its backslash (\\\")",
    }
}

fn instead_of_a_value(before: &[u8], rest: &[u8], is_name: bool) -> &'static str {
    match rest {
        [b'}' | b']', ..] if before.trim_ascii_end().ends_with(b",") => "remove the comma before the closing bracket",
        [b'}' | b']' | b',', ..] => "a name or a value is missing",
        [b'/' | b'#', ..] => "remove the comment: JSON has none",
        [b'\'', ..] | [0xe2, 0x80, 0x98..=0x9f, ..] | [0xc2, 0xab | 0xbb, ..] => ANOTHER_QUOTE,
        _ if is_name => "put the name in double quotes",
        [b'+' | b'.', ..] => NUMBER,
        _ => VALUE,
    }
}

#[cfg(test)]
mod tests;
