//! Bad mails: each row is answered with its status, in one form, with the field named, and nothing is sent.

use serde_json::{Value, json};

use crate::harness::{Answer, Target, mails};

#[track_caller]
fn refused(answer: Answer, status: u16, row: &str) -> Answer {
    assert_eq!(answer.status, status, "{row}\n{answer}");
    answer.expect_problem(status, "none", false)
}

#[track_caller]
fn names_the_field(answer: &Answer, field: &str, row: &str) {
    assert!(answer.fields().iter().any(|named| named == field), "{field} is not named for {row}\n{answer}");
    let reason = answer.at("/errors/0/reason").as_str().unwrap_or_default();
    assert!(!reason.is_empty(), "no reason for {row}\n{answer}");
}

async fn each_is_422(field: &str, rows: Vec<Value>) {
    let target = Target::shared().await;
    for row in rows {
        let answer = refused(target.client.send(&row).await, 422, &row.to_string());
        names_the_field(&answer, field, &row.to_string());
    }
}

/// Each value as the sender, as a list, and as a member of a list.
async fn no_address(addresses: &[&str]) {
    each_is_422("from", addresses.iter().map(|a| mails::but("from", json!(a))).collect()).await;
    each_is_422("to", addresses.iter().map(|a| mails::but("to", json!(["fine@example.net", a]))).collect()).await;
    each_is_422("cc", addresses.iter().map(|a| mails::but("cc", json!([{"email": a}]))).collect()).await;
    each_is_422("bcc", addresses.iter().map(|a| mails::but("bcc", json!([a]))).collect()).await;
    each_is_422("reply_to", addresses.iter().map(|a| mails::but("reply_to", json!(a))).collect()).await;
}

#[tokio::test]
async fn what_is_not_json_is_400() {
    let target = Target::shared().await;
    let deep = format!(r#"{{"from":{}"#, "[".repeat(200));
    let rows = ["", "hello", r#"{"from":"#, r#"{"from":"a@example.com"} x"#, r#"{"subject":"\ud800","#, &deep];
    for row in rows {
        refused(target.client.post_raw(row.to_owned(), &[]).await, 400, row);
    }
    refused(target.client.post_raw(b"{\"subject\":\"\xff\"}".to_vec(), &[]).await, 400, "invalid UTF-8");
}

#[tokio::test]
async fn json_that_is_no_mail_is_422() {
    let target = Target::shared().await;
    for row in ["[]", "null", "17", r#""mail""#, "{}"] {
        refused(target.client.post_raw(row, &[]).await, 422, row);
    }
}

#[tokio::test]
async fn an_unknown_field_is_named() {
    for field in ["bogus", "From", "attachment", "header", "Tags"] {
        each_is_422(field, vec![mails::but(field, json!([]))]).await;
    }
}

#[tokio::test]
async fn a_duplicate_field_is_named() {
    let target = Target::shared().await;
    let row = r#"{"from":"a@example.com","to":"b@example.net","subject":"one","subject":"two"}"#;
    names_the_field(&refused(target.client.post_raw(row, &[]).await, 422, row), "subject", row);
}

#[tokio::test]
async fn a_name_together_with_its_alias_is_named() {
    let target = Target::shared().await;
    for (name, alias) in [("from", "fromaddress"), ("to", "toaddress"), ("text", "plaintextbody")] {
        let row = mails::but(alias, json!("other@example.com"));
        let answer = refused(target.client.send(&row).await, 422, alias);
        assert!(answer.fields().iter().any(|field| field == name || field == alias), "{name}\n{answer}");
    }
}

#[tokio::test]
async fn a_missing_sender_or_recipient_is_named() {
    each_is_422("from", vec![mails::without("from"), mails::but("from", json!(null)), mails::but("from", json!(""))])
        .await;
    let nobody = [json!(null), json!(""), json!([]), json!(" , ; "), json!([""])];
    each_is_422("to", nobody.into_iter().map(|to| mails::but("to", to)).collect()).await;
    each_is_422("to", vec![mails::without("to")]).await;
}

#[tokio::test]
async fn every_fault_of_a_mail_is_reported_at_once() {
    let target = Target::shared().await;
    let mail = json!({"from": "nobody", "to": ["a@-b.org"], "subject": "a\nb", "reply_to": "-x@example.com"});
    let answer = refused(target.client.send(&mail).await, 422, "four faults");
    for field in ["from", "to", "subject", "reply_to"] {
        names_the_field(&answer, field, "four faults");
    }
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_named() {
    for field in ["from", "to", "cc", "reply_to", "subject", "text", "html"] {
        each_is_422(field, vec![mails::but(field, json!(17)), mails::but(field, json!({"a": "b"}))]).await;
    }
    each_is_422("from", vec![mails::but("from", json!("a@example.com, b@example.com"))]).await;
}

#[tokio::test]
async fn what_is_no_address_is_named() {
    no_address(&["nobody", "a@", "@example.com", "a b@example.com", "a@b@example.com", "a..b@example.com"]).await;
}

#[tokio::test]
async fn an_address_with_a_control_character_is_named() {
    no_address(&["a@example.com\r\nBcc: x@evil.example", "a\n@example.com", "a@example.com\r", "a\0@example.com"])
        .await;
}

#[tokio::test]
async fn an_address_with_a_trick_is_named() {
    no_address(&["=?utf-8?q?=40evil.example=00?=@example.com", "-oQ/tmp@example.com", "a@xn--0049.test"]).await;
}

#[tokio::test]
async fn an_address_without_a_host_name_is_named() {
    no_address(&["a@[127.0.0.1]", "a@127.0.0.1", "a@-b.example", "a@b_c.example", "a@b..example"]).await;
}

#[tokio::test]
async fn a_display_name_cannot_break_out_of_its_header() {
    let names = ["A\r\nBcc: x@evil.example", "A\nB", "A\rB", "A\0B", "=?utf-8?q?A=0D=0ABcc:_x?=", "evil\u{202e}gro"];
    let mailbox = |name: &&str| json!({"email": "a@example.com", "name": name});
    each_is_422("from", names.iter().map(|name| mails::but("from", mailbox(name))).collect()).await;
    each_is_422("to", names.iter().map(|name| mails::but("to", json!([mailbox(name)]))).collect()).await;
    each_is_422("reply_to", names.iter().map(|name| mails::but("reply_to", mailbox(name))).collect()).await;
}

#[tokio::test]
async fn a_subject_cannot_break_out_of_its_header() {
    let subjects = ["A\r\nBcc: x@evil.example", "A\nB", "A\rB", "A\0B", "=?utf-8?q?=0D=0ABcc:_x?="];
    each_is_422("subject", subjects.iter().map(|subject| mails::but("subject", json!(subject))).collect()).await;
}

#[tokio::test]
async fn fifty_one_recipients_are_too_many() {
    let many: Vec<_> = (0..51).map(|n| format!("a{n}@example.net")).collect();
    each_is_422("to", vec![mails::but("to", json!(many))]).await;
}
