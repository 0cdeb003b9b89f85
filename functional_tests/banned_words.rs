//! Plain words: `banned_words.txt` lists those that a reader would not search for, with the word to use. Doc comments stand
//! alone: none begins with "The same" or "Of", which lean on the line above.

use std::path::Path;

use crate::harness::repository::{files, read, root};

const LIST: &str = include_str!("banned_words.txt");

/// Folders and files that are read.
const READ: [&str; 8] =
    ["src", "functional_tests", "scripts", "k8s", "benches", "docs", "fuzz/fuzz_targets", "openapi"];
const READ_FILES: [&str; 8] = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "compose.yaml",
    "Dockerfile",
    "Cargo.toml",
    ".deny.toml",
];

/// Names of others, or of ours that a document must quote, each with its reason.
const ALLOWED: [(&str, &str); 5] = [
    ("The field `door` of `listening`", "CHANGELOG.md quotes what the field was called"),
    ("refuses the dummy itself", "CHANGELOG.md quotes what a log line said"),
    ("\"standing\"", "a field in the answer of `POST /route`, as JSON; the code says availability"),
    ("`standing`", "the field, as documents write it"),
    ("upstream  standing", "the field as the head of the table that `smsp route` prints"),
];

/// Each banned word with what to use.
fn banned() -> Vec<(&'static str, &'static str)> {
    let rows = LIST.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let rows = rows.map(|line| line.split_once(": ").unwrap_or_else(|| panic!("no colon in {line}")));
    rows.flat_map(|(words, instead)| words.split(", ").map(move |word| (word, instead))).collect()
}

/// The words of a line in lower case, those of identifiers apart.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in line.chars() {
        let begins = !letter.is_alphabetic() || (letter.is_uppercase() && before.is_lowercase());
        if begins && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if letter.is_alphabetic() {
            words.last_mut().expect("one word at least").extend(letter.to_lowercase());
        }
        before = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What is wrong with a line.
fn faults(line: &str) -> Vec<String> {
    let line = ALLOWED.iter().fold(line.to_owned(), |line, (phrase, _)| line.replace(phrase, ""));
    let words = words(&line);
    let mut found = Vec::new();
    for (word, instead) in banned() {
        let is_in_flight = |index: usize| word == "flight" && index > 0 && words[index - 1] == "in";
        if (0..words.len()).any(|index| words[index] == word && !is_in_flight(index)) {
            found.push(format!("{word}: use {instead}"));
        }
    }
    let comment = line.trim_start();
    let opening = ["/// ", "//! "].iter().find_map(|marker| comment.strip_prefix(marker)).unwrap_or_default();
    if ["The same ", "Of "].iter().any(|leaning| opening.starts_with(leaning)) {
        found.push("a doc comment must stand alone: say what the item is".to_owned());
    }
    found
}

fn is_text(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_binary = path.extension().is_some_and(|extension| extension == "pyc");
    // The list and this test quote the words.
    !is_binary && !name.starts_with("banned_words.")
}

#[test]
fn no_banned_word_is_used() {
    let paths = READ.iter().flat_map(|folder| files(folder, is_text));
    let paths = paths.chain(READ_FILES.iter().map(|file| root().join(file)));
    let mut found = Vec::new();
    for path in paths {
        for (number, line) in read(&path).lines().enumerate() {
            let place = path.strip_prefix(root()).unwrap_or(&path).display();
            found.extend(faults(line).into_iter().map(|fault| format!("{place}:{}: {fault}: {line}", number + 1)));
        }
    }
    assert!(found.is_empty(), "{} banned words\n{}", found.len(), found.join("\n"));
}

#[test]
fn banned_word_is_found_in_text_and_in_every_form_of_identifier() {
    for (word, _) in banned() {
        let capital = word[..1].to_uppercase() + &word[1..];
        for line in [
            format!("a {word}."),
            format!("// {capital}, and more"),
            format!("let open_{word}_count = 1;"),
            format!("struct Open{capital}Count;"),
            format!("const {}_MAX: u8 = 1;", word.to_uppercase()),
        ] {
            assert!(!faults(&line).is_empty(), "{line}");
        }
        assert!(faults(&format!("x{word}x")).is_empty(), "a part of another word: {word}");
    }
}

#[test]
fn in_flight_is_no_banned_word() {
    for line in ["mails in flight", "the in-flight mails", "fn in_flight()", "struct InFlight;", "SMSP_MAX_IN_FLIGHT"] {
        assert_eq!(faults(line), Vec::<String>::new());
    }
    assert_eq!(faults("a mail's flight").len(), 1);
}

#[test]
fn doc_comment_that_leans_on_the_line_above_is_found() {
    for (marker, opening) in [("/// ", "Of "), ("    /// ", "The same "), ("//! ", "Of ")] {
        assert_eq!(faults(&format!("{marker}{opening}it.")).len(), 1, "{marker}{opening}");
    }
    assert!(faults("/// Offers of a relay.").is_empty());
}

#[test]
fn every_exemption_is_needed() {
    let paths = READ.iter().flat_map(|folder| files(folder, is_text));
    let paths = paths.chain(READ_FILES.iter().map(|file| root().join(file)));
    let texts: Vec<_> = paths.map(|path| read(&path)).collect();
    for (phrase, reason) in ALLOWED {
        assert!(texts.iter().any(|text| text.contains(phrase)), "{phrase} ({reason}) is nowhere");
    }
}
