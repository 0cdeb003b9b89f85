//! `null`, which serialisers write for what is not set: it is as good as nothing, where something need not be given.

use super::*;
use crate::model::message::key::IdempotencyKey;

/// The id under one key: two mails have it in common only if they are equal.
fn identity(json: &str) -> String {
    let key = IdempotencyKey::new("caller", "key");
    parse(json).unwrap_or_else(|faults| panic!("{json}: {faults:?}")).identified_by(&key).id().to_string()
}

#[test]
fn a_mail_with_null_for_what_is_not_set_is_the_mail_without_it() {
    let file = r#""filename":"a","content_type":"a/b","content":"aGk=""#;
    let optional = FIELDS.iter().filter(|field| !field.required).flat_map(|field| [Some(field.name), field.alias]);
    let nulls = optional.flatten().filter(|name| *name != CC.name).map(|name| format!(r#","{name}":null"#));
    let nulls: String = nulls.collect();
    for (with, without) in [
        (format!(r#"{{"from":"a@b.org","cc":"c@d.org"{nulls}}}"#), r#"{"from":"a@b.org","cc":"c@d.org"}"#.to_owned()),
        (
            r#"{"from":{"email":"a@b.org","name":null},"to":[{"name":null,"email":"c@d.org"}]}"#.to_owned(),
            r#"{"from":"a@b.org","to":"c@d.org"}"#.to_owned(),
        ),
        (
            r#"{"from":"a@b.org","to":"c@d.org","headers":{"X-A":null,"X-B":"1"},"metadata":{"a":"1","b":null}}"#
                .to_owned(),
            r#"{"from":"a@b.org","to":"c@d.org","headers":{"X-B":"1"},"metadata":{"a":"1"}}"#.to_owned(),
        ),
        (
            format!(r#"{{"from":"a@b.org","to":"c@d.org","attachments":[{{{file},"content_id":null}}]}}"#),
            format!(r#"{{"from":"a@b.org","to":"c@d.org","attachments":[{{{file}}}]}}"#),
        ),
        (
            r#"{"from":null,"fromaddress":"a@b.org","to":"c@d.org","toaddress":null,"text":null,"plaintextbody":"t"}"#
                .to_owned(),
            r#"{"from":"a@b.org","to":"c@d.org","text":"t"}"#.to_owned(),
        ),
    ] {
        assert_eq!(identity(&with), identity(&without), "{with}");
    }
}

#[test]
fn null_is_an_error_for_required_unknown_and_duplicate_fields() {
    for (json, field, reason) in [
        (r#"{"from":null,"to":"c@d.org"}"#, "from", "is required"),
        (r#"{"from":{"email":null},"to":"c@d.org"}"#, "from.email", "is required"),
        (r#"{"from":"a@b.org","to":[null]}"#, "to[0]", "must be a string or an object with email and name, not null"),
        (r#"{"from":"a@b.org","to":"c@d.org","tags":[null]}"#, "tags[0]", "must be a string, not null"),
        (r#"{"from":"a@b.org","to":"c@d.org","attachments":[null]}"#, "attachments[0]", "must be an object, not null"),
        (
            r#"{"from":"a@b.org","to":"c@d.org","attachments":[{"filename":null,"content_type":"a/b","content":""}]}"#,
            "attachments[0].filename",
            "is required",
        ),
        (r#"{"from":"a@b.org","to":"c@d.org","bogus":null}"#, "bogus", "is not a field of a message"),
        (r#"{"from":"a@b.org","to":"c@d.org","text":null,"text":"x"}"#, "text", "is given twice"),
        (r#"{"from":"a@b.org","to":"c@d.org","text":"x","text":null}"#, "text", "is given twice"),
        (r#"{"from":"a@b.org","to":"c@d.org","headers":{"X-A":"1","x-a":null}}"#, "headers.x-a", "is given twice"),
        ("null", "body", "must be an object, not null"),
    ] {
        assert_eq!(faults(json)[0], (field.to_owned(), reason.to_owned()), "{json}");
    }
}

#[test]
fn numbers_and_booleans_of_metadata_keep_every_character_that_was_written() {
    for written in ["17", "-1.50", "1E3", "1e999", "12345678901234567890123", "0.1234567890123456789", "true", "false"]
    {
        let json = format!(r#"{{"from":"a@b.org","to":"c@d.org","metadata":{{"a":{written} }}}}"#);
        assert_eq!(parse(&json).unwrap().metadata()[0].value(), written);
    }
    for (json, field, reason) in [
        (r#""metadata":{"a":[1]}"#, "metadata.a", "must be a string, a number or a boolean, not an array"),
        (r#""metadata":{"a":{}}"#, "metadata.a", "must be a string, a number or a boolean, not an object"),
        (r#""headers":{"X-A":1.5}"#, "headers.X-A", "must be a string, not a number"),
        (r#""headers":{"X-A":true}"#, "headers.X-A", "must be a string, not a boolean"),
        (r#""cc":{"email":-1}"#, "cc", "must be an array of mailboxes or a string, not an object"),
        (r#""reply_to":[{"email":"a@b.org","name":1}]"#, "reply_to[0].name", "must be a string, not a number"),
        (r#""tags":[1]"#, "tags[0]", "must be a string, not a number"),
    ] {
        let json = format!(r#"{{"from":"a@b.org","to":"c@d.org",{json}}}"#);
        assert_eq!(faults(&json)[0], (field.to_owned(), reason.to_owned()), "{json}");
    }
}
