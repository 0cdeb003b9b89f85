//! What is hashed of a body, beside relaxed canonicalization as RFC 6376 3.4.4 has it, written here line by line.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_auth::common::crypto::HashAlgorithm;
use mail_auth::dkim::Canonicalization;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::super::making::make;
use super::super::signature::without_ignored_end;
use super::super::{KeyDirectory, Keys};

const HEAD: &str = "From: a@example.org\r\n\r\n";

/// The body that is hashed.
fn relaxed(body: &str) -> String {
    let without_end = body.strip_suffix("\r\n").unwrap_or(body);
    let reduced = |line: &str| {
        let (mut reduced, mut is_space) = (String::new(), false);
        for c in line.chars() {
            if !matches!(c, ' ' | '\t') {
                reduced.extend(std::mem::take(&mut is_space).then_some(' '));
                reduced.push(c);
            } else {
                is_space = true;
            }
        }
        reduced
    };
    let mut lines: Vec<_> = without_end.split("\r\n").map(reduced).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}

fn hash(body: &str) -> String {
    STANDARD.encode(Sha256::digest(relaxed(body)))
}

/// The `bh` of each signature.
fn hashes(fields: &str) -> Vec<String> {
    let fields = fields.replace("\r\n\t", "");
    let hashes = fields.split(" bh=").skip(1).filter_map(|rest| rest.split(';').next());
    hashes.map(|hash| hash.split_whitespace().collect()).collect()
}

fn keys() -> Keys {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), "example.org", "s").unwrap();
    KeyDirectory::at(folder.path()).read().unwrap()
}

#[test]
fn lines_of_white_space_at_the_end_of_a_body_are_hashed_as_nothing() {
    let keys = keys();
    for (body, expected) in [
        ("", ""),
        ("\r\n", ""),
        (" \r\n", ""),
        (" \t\r\n\r\n \r\n", ""),
        ("Hello\r\n \r\n", "Hello\r\n"),
        ("Hello \t \r\n\r\n\t\r\n \r\n\r\n", "Hello\r\n"),
        ("\r\n \r\nHello\r\n \r\nworld", "\r\n\r\nHello\r\n\r\nworld\r\n"),
        ("  Hello \t world\x0b\r\n\x0c\r\n", " Hello world\x0b\r\n\x0c\r\n"),
    ] {
        assert_eq!(relaxed(body), expected, "a control: {body:?}");
        let fields = keys.sign("example.org", format!("{HEAD}{body}").as_bytes()).unwrap();
        assert_eq!(hashes(&fields), [hash(body), hash(body)], "{body:?}");
    }
}

#[test]
fn the_library_alone_still_hashes_a_line_end_too_many() {
    let hash_of = |body: &str| {
        let hash = HashAlgorithm::Sha256.hash(Canonicalization::Relaxed.canonical_body(body.as_bytes(), 0));
        STANDARD.encode(hash)
    };
    assert_eq!(hash_of("Hello \r\n\r\n"), hash("Hello"), "a control");
    assert_eq!(hash_of("Hello\r\n \r\n"), STANDARD.encode(Sha256::digest("Hello\r\n\r\n")));
    // Once this is no longer so, `without_ignored_end` may go.
    assert_ne!(hash_of("Hello\r\n \r\n"), hash("Hello\r\n \r\n"));
}

#[test]
fn nothing_of_a_head_is_taken_off() {
    for (file, kept) in [
        ("From: a\r\n\r\n", "From: a\r\n\r\n"),
        ("From: a\r\n\r\n \r\n", "From: a\r\n\r\n"),
        ("From: a \r\n", "From: a \r\n"),
        ("From: a\r\n\r\nb\r\n\r\n", "From: a\r\n\r\nb"),
    ] {
        assert_eq!(without_ignored_end(file.as_bytes()), kept.as_bytes(), "{file:?}");
    }
}

proptest! {
    #[test]
    fn any_body_is_hashed_as_the_rfc_says(parts in prop::collection::vec("[ \t]{1,3}|(\r\n){1,3}|[a-z.\x01\x0b\x0c\x7f\u{e9}]{1,9}", 0..30)) {
        let body = parts.concat();
        let kept = format!("{HEAD}{body}");
        let kept = &without_ignored_end(kept.as_bytes())[HEAD.len()..];
        let hashed = HashAlgorithm::Sha256.hash(Canonicalization::Relaxed.canonical_body(kept, u64::MAX));
        prop_assert_eq!(STANDARD.encode(hashed), hash(&body), "{:?}", body);
    }
}
