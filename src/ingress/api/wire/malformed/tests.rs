//! Bodies that are not JSON, row by row: where that is seen and what is said of it; and that nothing of them is repeated.

use proptest::prelude::*;

use super::*;
use crate::ingress::api::wire::value::Value;

fn detail(json: &[u8]) -> String {
    let error = serde_json::from_slice::<Value>(json).expect_err("it is not JSON");
    format!("{:?}", problem(json, &error))
}

#[track_caller]
fn is_told(json: impl AsRef<[u8]>, words: &str) {
    let json = json.as_ref();
    let detail = detail(json);
    assert!(detail.contains(words), "{}\n{detail}\nlacks {words}", String::from_utf8_lossy(json));
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_how_to_mend_it() {
    for (json, words) in [
        (r#"{"a":1,}"#, "(line 1, column 8): remove the comma before the closing bracket."),
        (r#"{"to":["a", ]}"#, "(line 1, column 13): remove the comma before the closing bracket."),
        ("{'a':1}", "(line 1, column 2): put names and strings in double quotes"),
        ("{\"a\":'b'}", "(line 1, column 6): put names and strings in double quotes"),
        ("{“a”:1}", "(line 1, column 2): put names and strings in double quotes"),
        ("{from:1}", "(line 1, column 2): put the name in double quotes."),
        (r#"{"a":1 "b":2}"#, "(line 1, column 8): a comma or a closing bracket is missing"),
        (r#"{"a":"say "hi""}"#, "(line 1, column 12): a comma or a closing bracket is missing, or a double quote"),
        (r#"{"a" 1}"#, "(line 1, column 6): put a colon between the name and its value."),
        (r#"{"a":,"b":1}"#, "(line 1, column 6): a name or a value is missing."),
        (r#"{"a":1,,"b":1}"#, "(line 1, column 8): a name or a value is missing."),
        (r#"{"a":}"#, "(line 1, column 6): a name or a value is missing."),
        ("{\"a\":\n  \"b", "(line 2, column 4): the body ends inside of a string"),
        (r#"{"a":1"#, "(line 1, column 6): the body ends too early"),
        (r#"{"a":"#, "(line 1, column 5): the body ends too early"),
        (r#"{"a":["#, "(line 1, column 6): the body ends too early"),
        ("{\"a\":\"b\nc\"}", r"(line 1, column 8): inside of a string write a line break as \\n"),
        ("{\"h\":{\"a\":\"b\tc\"}}", r"(line 1, column 13): inside of a string write a line break as \\n"),
        (r#"{"a":"C:\dir"}"#, "(line 1, column 10): a backslash starts an escape"),
        (r#"{"a":"\u12g4"}"#, "a backslash starts an escape"),
        (r#"{"a":01}"#, "(line 1, column 7): a number has no leading zero"),
        (r#"{"a":+1}"#, "(line 1, column 6): a number has no leading zero"),
        (r#"{"a":1.}"#, "a number has no leading zero"),
        (r#"{"a":2026-11-26}"#, "(line 1, column 10): a number has no leading zero"),
        (r#"{"a":[1e999]}"#, "the number is too large"),
        (r#"{"a":NaN}"#, "(line 1, column 6): a value is a string in double quotes"),
        (r#"{"a":nan}"#, "a value is a string in double quotes"),
        (r#"{"a":undefined}"#, "a value is a string in double quotes"),
        (r#"{"a":1} // no"#, "(line 1, column 9): something follows the message"),
        (r#"{"a":1}{"b":2}"#, "(line 1, column 8): something follows the message"),
        ("{ // no\n\"a\":1}", "(line 1, column 3): remove the comment"),
        ("hello", "(line 1, column 1): start with {"),
        ("  '{\"a\":1}'", "(line 1, column 3): start with {"),
        ("from: a@b.org", "(line 1, column 2): start with {"),
        ("<mail/>", "(line 1, column 1): start with {"),
        ("", "The body is empty"),
        (" \r\n", "The body is empty"),
        ("from=a%40b.org&to=c", "The body is form data"),
        ("to%5B%5D=a", "The body is form data"),
        ("--boundary\r\nContent-Disposition: form-data", "The body is form data"),
    ] {
        is_told(json, words);
    }
}

#[test]
fn a_place_is_counted_in_lines_and_characters() {
    is_told("{\n\"ü\": \"ßé\",\n \"öö\": x}", "(line 3, column 8)");
    is_told("{\"a\":\"\n\n\n\"}", "(line 1, column 7)");
}

#[test]
fn bytes_that_are_not_utf_8_are_told_by_their_place() {
    is_told(b"{\"a\":\"Gr\xfc\xdfe\"}", "The body is not UTF-8 (byte 9; line 1, column 9)");
    is_told(b"{\"a\":1}\xff", "The body is not UTF-8 (byte 8; line 1, column 8)");
    is_told(b"{\"a\":\"\\n\xed\xa0\xbd\"}", "The body is not UTF-8 (byte 9; line 1, column 9)");
    is_told(b"{\"a\":1,}\xff", "remove the comma");
    is_told("{\"a\":\"ü".as_bytes().split_last().unwrap().1, "the body ends inside of a string");
    for utf_16 in [&b"\xff\xfe{\0"[..], b"\xfe\xff\0{", b"{\0\"\0", b"\0{\0\""] {
        is_told(utf_16, "The body is UTF-16");
    }
}

proptest! {
    #[test]
    fn whatever_the_body_is_nothing_of_it_is_repeated(
        mut body in proptest::collection::vec(prop_oneof![4 => proptest::sample::select(&b"{}[]\",:'\\\n 01"[..]), 1 => any::<u8>()], 0..40),
        at in any::<proptest::sample::Index>(),
    ) {
        let at = at.index(body.len() + 1);
        body.splice(at..at, *b"canary");
        if let Err(error) = serde_json::from_slice::<Value>(&body) {
            let detail = format!("{:?}", problem(&body, &error));
            prop_assert!(!detail.contains("canary"), "{}", detail);
        }
    }
}
