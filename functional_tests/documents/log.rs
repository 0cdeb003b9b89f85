//! The messages of the log: each that the code writes has a row in the reference with its level, and each row is written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::markdown::tables;
use crate::harness::repository::{read, root, rust_files};

const LEVELS: [&str; 4] = ["error", "warn", "info", "debug"];

/// Each message of the code, with its levels. What is put in when it is written stands in braces.
fn written() -> BTreeMap<String, BTreeSet<String>> {
    let mut messages = BTreeMap::<_, BTreeSet<_>>::new();
    let is_test = |path: &Path| path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests");
    let from_root = |path: &PathBuf| path.strip_prefix(root()).map(is_test);
    for path in rust_files("src").into_iter().filter(|path| from_root(path) == Ok(false)) {
        let text = read(&path);
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for level in LEVELS {
            for (place, call) in code.match_indices(&format!("{level}!(")) {
                let arguments = &code[place + call.len()..];
                let message = message(arguments).unwrap_or_else(|| panic!("{}: {level}!( without one", path.display()));
                messages.entry(message).or_default().insert(level.to_uppercase());
            }
        }
    }
    messages
}

/// The last text among these arguments that is not the value of a field.
fn message(arguments: &str) -> Option<String> {
    let (mut depth, mut before, mut message) = (1, ' ', None);
    let mut letters = arguments.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                let text = literal(&mut letters);
                if before != '=' {
                    message = Some(text);
                }
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return message;
        }
        if !letter.is_whitespace() {
            before = letter;
        }
    }
    None
}

/// Each message of the reference, with its level.
fn documented() -> Vec<(String, String)> {
    let rows = tables("message").into_iter().flat_map(|table| table.rows);
    let messages = rows.flat_map(|row| {
        let cell = row[0].trim_matches('`').to_owned();
        let messages: Vec<_> = cell.split("`, `").map(|message| (message.trim().to_owned(), row[1].clone())).collect();
        messages
    });
    messages.collect()
}

/// Could this pattern, with what is put in, be this message?
fn fits(pattern: &str, message: &str) -> bool {
    match pattern.split_once('{').and_then(|(start, rest)| Some((start, rest.split_once('}')?.1))) {
        Some((start, end)) => message.starts_with(start) && message.ends_with(end),
        None => pattern == message,
    }
}

/// The rest of a literal, whose first quotation mark was read. A line that ends with a backslash goes on with the first
/// letter of the next one.
fn literal(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(letter) = letters.next().filter(|letter| *letter != '"') {
        match if letter == '\\' { letters.next() } else { Some(letter) } {
            Some('\n') => while letters.next_if(|letter| letter.is_whitespace()).is_some() {},
            letter => text.extend(letter),
        }
    }
    text
}

#[test]
fn every_message_of_the_log_has_a_row_with_its_level_and_every_row_is_written() {
    let (written, documented) = (written(), documented());
    assert!(written.len() > 50 && documented.len() > 50, "{written:#?} {documented:#?}");
    for (pattern, levels) in &written {
        let row = documented.iter().find(|(message, _)| fits(pattern, message));
        let (_, level) = row.unwrap_or_else(|| panic!("docs/reference/log.md has no row for {pattern:?}"));
        if LEVELS.contains(&level.to_lowercase().as_str()) {
            assert_eq!(levels.iter().collect::<Vec<_>>(), [level], "{pattern}");
        }
    }
    for (message, _) in &documented {
        let is_written = written.keys().any(|pattern| fits(pattern, message));
        assert!(is_written, "docs/reference/log.md has {message:?}, which nothing writes");
    }
}

#[test]
fn a_message_is_told_from_the_values_of_fields() {
    for (arguments, expected) in [
        ("\"up\"); x", Some("up")),
        ("\"down: \\\n     ask\", more)", Some("down: ask")),
        ("id = %f(1, \"no\"), kind = \"no\", \"was \\\"it\\\"\");", Some("was \"it\"")),
        ("%why)", None),
    ] {
        assert_eq!(message(arguments).as_deref(), expected, "{arguments}");
    }
    assert!(fits("the {task} panicked: restarting it", "the supervisor panicked: restarting it"));
    assert!(!fits("the {task} panicked: restarting it", "the supervisor panicked"));
}
