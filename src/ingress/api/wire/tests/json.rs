//! What stands around and inside the JSON: a byte order mark, and half of a surrogate pair.

use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::ingress::api::wire;

/// The message, or the problem, as a handler gets them.
fn read(json: &str) -> Result<Message, String> {
    wire::parse(&mut json.as_bytes().to_vec(), MOST).map_err(|problem| format!("{problem:?}"))
}

#[test]
fn a_byte_order_mark_before_the_json_is_left_out() {
    let json = r#"{"from":"a@b.org","to":"c@d.org","subject":"\ufeffS"}"#;
    assert_eq!(read(&format!("\u{feff}{json}")).unwrap().subject(), "\u{feff}S");
    assert!(read("\u{feff}{\"from\":}").unwrap_err().contains("(line 1, column 9)"));
    assert!(read(&format!("\u{feff}\u{feff}{json}")).unwrap_err().contains("start with {"));
    assert!(read("\u{feff}").unwrap_err().contains("The body is empty"));
}

/// A mail in which every text could stand.
const WHOLE: &str = r#"{"from":{"email":"a@b.org","name":"A"},"to":[{"email":"c@d.org","name":"C"},"e@f.org"],
    "cc":"g@h.org","subject":"S","text":"T","html":"H","tags":["t"],"headers":{"X-A":"1"},"metadata":{"a":"1","b":2},
    "attachments":[{"filename":"a","content_type":"a/b","content":"aGk=","content_id":"c"}]}"#;

/// The fields of a mail that are texts: how each is named, and where it stands.
fn texts(json: &Json, name: &str, pointer: &str, found: &mut Vec<(String, String)>) {
    match json {
        Json::String(_) => found.push((name.to_owned(), pointer.to_owned())),
        Json::Array(items) => items.iter().enumerate().for_each(|(index, item)| {
            texts(item, &format!("{name}[{index}]"), &format!("{pointer}/{index}"), found);
        }),
        Json::Object(members) => members.iter().for_each(|(key, value)| {
            let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
            texts(value, &name, &format!("{pointer}/{key}"), found);
        }),
        _ => {}
    }
}

#[test]
fn half_of_a_surrogate_pair_is_a_fault_of_the_field_that_holds_it() {
    let whole: Json = serde_json::from_str(WHOLE).unwrap();
    let mut found = Vec::new();
    texts(&whole, "", "", &mut found);
    assert_eq!(found.len(), 16, "{found:?}");
    for half in [r"\ud83d", r"\udE00", r"a\ud83d\n", r"\uD83D\uD83D\uDE00", r"\ude00\ud83d"] {
        for (name, pointer) in &found {
            let mut mail = whole.clone();
            *mail.pointer_mut(pointer).unwrap() = "HALF".into();
            let problem = read(&mail.to_string().replace("HALF", half)).unwrap_err();
            let error = format!("field: \"{name}\", reason: \"must be ");
            assert!(problem.contains("InvalidMessage") && problem.contains(&error), "{name} {half}: {problem}");
            assert!(problem.contains("half of a surrogate pair"), "{name} {half}: {problem}");
        }
    }
}

#[test]
fn a_name_with_half_of_a_surrogate_pair_is_a_fault_too() {
    for (json, field) in [
        (r#""metadata":{"a\ud83d":"1"}"#, "metadata.a\u{fffd}"),
        (r#""headers":{"X-\ud83d":"1"}"#, "headers.X-\u{fffd}"),
        (r#""subj\udc00ect":"1""#, "subj\u{fffd}ect"),
        (r#""cc":[{"em\udc00ail":"a@b.org"}]"#, "cc[0].em\u{fffd}ail"),
    ] {
        let problem = read(&format!(r#"{{"from":"a@b.org","to":"c@d.org",{json}}}"#)).unwrap_err();
        assert!(problem.contains(&format!("field: {field:?}")), "{json}: {problem}");
    }
}

#[test]
fn whole_pairs_are_text_and_other_faults_are_found_beside_a_half() {
    let json = r#"{"from":"a@b.org","to":"c@d.org","subject":"\ud83d\ude00 \\ud83d"}"#;
    assert_eq!(read(json).unwrap().subject(), "\u{1f600} \\ud83d");
    let problem = read(r#"{"from":"x","to":"c@d.org","subject":"\ud83d","text":"\u0000"}"#).unwrap_err();
    for field in ["from", "subject", "text"] {
        assert!(problem.contains(&format!("field: \"{field}\"")), "{problem}");
    }
    let problem = read("{\"from\":\"\\ud83d\",\n \"to\":}").unwrap_err();
    assert!(problem.contains("Malformed") && problem.contains("(line 2, column 7)"), "{problem}");
}

proptest! {
    #[test]
    fn a_text_is_taken_exactly_where_its_utf_16_is_whole(units in proptest::collection::vec(
        prop_oneof![Just(0x61_u16), 0xd7fe..0xe002_u16], 0..12)) {
        let escapes: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
        let read = read(&format!(r#"{{"from":"a@b.org","to":"c@d.org","text":"{escapes}"}}"#));
        let read = read.ok().and_then(|message| message.text().map(str::to_owned));
        prop_assert_eq!(read, String::from_utf16(&units).ok());
    }
}
