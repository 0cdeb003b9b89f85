//! What a refusal advises: the name of the field that was meant, and how to write a name with a comma.

use super::*;

/// What is said of `name` beside the fields of a mail, of an attachment and of a mailbox.
fn said(name: &str) -> [String; 3] {
    let json = format!(
        r#"{{"from":{{"email":"a@b.org","{name}":1}},"to":"c@d.org","attachments":[{{"filename":"a","content_type":"a/b",
            "content":"","{name}":1}}],"{name}":1}}"#
    );
    let faults = faults(&json);
    let of = |field: String| faults.iter().find(|(named, _)| *named == field).map(|(_, reason)| reason.clone());
    [name.to_owned(), format!("attachments[0].{name}"), format!("from.{name}")]
        .map(|field| of(field).unwrap_or_default())
}

#[test]
fn an_unknown_field_is_told_which_one_was_meant() {
    for (name, place, hint) in [
        ("body", 0, "`text` or `html`"),
        ("Message", 0, "`text` or `html`"),
        ("htmlContent", 0, "`html`"),
        ("TextBody", 0, "`text`"),
        ("replyTo", 0, "`reply_to`"),
        ("reply-to", 0, "`reply_to`"),
        ("Reply_To", 0, "`reply_to`"),
        ("attachment", 0, "`attachments`"),
        ("files", 0, "`attachments`"),
        ("sender", 0, "`from`"),
        ("from_email", 0, "`from`"),
        ("recipients", 0, "`to`"),
        ("toEmail", 0, "`to`"),
        ("Subject", 0, "`subject`"),
        ("subjcet", 0, "`subject`"),
        ("tag", 0, "`tags`"),
        ("fromAddress", 0, "`fromaddress`"),
        ("in_reply_to", 0, "`headers`"),
        ("contentType", 1, "`content_type`"),
        ("content-type", 1, "`content_type`"),
        ("type", 1, "`content_type`"),
        ("fileName", 1, "`filename`"),
        ("name", 1, "`filename`"),
        ("cid", 1, "`content_id`"),
        ("data", 1, "`content`"),
        ("address", 2, "`email`"),
        ("mail", 2, "`email`"),
        ("displayName", 2, "`name`"),
    ] {
        assert_eq!(said(name)[place], format!("is not a field of a message: did you mean {hint}?"), "{name}");
    }
}

#[test]
fn a_name_that_is_near_to_none_gets_no_advice() {
    let long = "subject".repeat(20);
    for name in ["bogus", "x", "", "id", "url", "template", "priority", "date", "ü", "send_at", "tracking", &long] {
        for said in said(name).iter().filter(|said| !said.is_empty()) {
            assert_eq!(said, "is not a field of a message", "{name}");
        }
    }
}

#[test]
fn every_field_is_known_in_every_way_of_writing_it() {
    let pascal = |name: &str| {
        let part = |part: &str| part[..1].to_uppercase() + &part[1..];
        name.split('_').map(part).collect::<String>()
    };
    for (place, fields) in [&FIELDS[..], &attachment::FIELDS, &mailboxes::PARTS].into_iter().enumerate() {
        for name in fields.iter().map(|field| field.name) {
            for written in [pascal(name), name.to_uppercase(), name.replace('_', "-").to_uppercase()] {
                assert!(said(&written)[place].ends_with(&format!("did you mean `{name}`?")), "{written}");
            }
        }
    }
}

#[test]
fn a_name_with_a_comma_is_told_how_to_be_written() {
    let quote = r#"write a name with a comma or a semicolon as "Doe, Jane" <a@b.org>"#;
    for (to, field, hint) in [
        (r#""Doe, Jane <a@b.org>""#, "to", quote),
        (r#""x@y.org; Doe, Jane, Dr. <a@b.org>""#, "to", quote),
        (r#"["x@y.org","Doe, Jane <a@b.org>"]"#, "to[1]", quote),
        (r#"["Doe; Jane <a@b.org> "]"#, "to[0]", quote),
        (r#"["a@b.org, c@d.org"]"#, "to[0]", "here stands one mailbox"),
        (r#"["A <a@b.org>; C <c@d.org>"]"#, "to[0]", "here stands one mailbox"),
    ] {
        let faults = faults(&format!(r#"{{"from":"a@b.org","to":{to}}}"#));
        assert_eq!(faults[0].0, field, "{to}: {faults:?}");
        assert!(faults[0].1.contains(hint), "{to}: {faults:?}");
        assert!(faults[0].1.starts_with("is not an address") || faults[0].1.starts_with("has a"), "{to}: {faults:?}");
    }
    for to in [r#""nobody""#, r#""nobody, x""#, r#"["a,b@c.org"]"#, r#"["Doe"]"#, r#""a@b.org, nobody, c@d.org""#] {
        let faults = faults(&format!(r#"{{"from":"a@b.org","to":{to}}}"#));
        assert!(!faults[0].1.contains(": "), "{to}: {faults:?}");
    }
    assert_eq!(
        parse(r#"{"from":"a@b.org","to":["\"Doe, Jane\" <a@b.org>"]}"#).unwrap().to()[0].name(),
        Some("Doe, Jane")
    );
}
