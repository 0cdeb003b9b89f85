//! What a correct client may send arrives: `null`, base64 in lines, a byte order mark. What cannot be read is refused with
//! words to mend it by.

use serde_json::json;

use crate::harness::{Proxy, Settings, StubProvider, mails};

#[tokio::test]
async fn null_fields_are_read_as_absent() {
    let mailgun = StubProvider::mailgun().await;
    let proxy = Proxy::before(&mailgun).await;
    let mail = json!({"from": {"email": "a@example.com", "name": null}, "to": "b@example.net", "cc": null, "bcc": null,
        "reply_to": null, "subject": null, "text": "body", "html": null, "attachments": null, "tags": null,
        "headers": {"X-A": null}, "metadata": {"order": 17, "paid": true, "sum": 19.50, "none": null}});
    proxy.client.send(&mail).await.expect(200);
    let sent = mailgun.only_mail();
    assert_eq!((sent.parts("from"), sent.parts("text")), (vec!["a@example.com".to_owned()], vec!["body".to_owned()]));
    for absent in ["cc", "bcc", "html", "attachment", "h:X-A", "h:Reply-To", "o:tag", "v:none"] {
        assert!(sent.parts(absent).is_empty(), "{absent} in {sent}");
    }
    assert_eq!([sent.parts("v:order"), sent.parts("v:paid"), sent.parts("v:sum")].concat(), ["17", "true", "19.5"]);
}

#[tokio::test]
async fn a_file_whose_base64_stands_in_lines_arrives_whole() {
    let mailgun = StubProvider::mailgun().await;
    let proxy = Proxy::before(&mailgun).await;
    let file = json!({"filename": "a.txt", "content_type": "text/plain", "content": "aGVs\r\nbG8s\n IHdvcmxk\n"});
    proxy.client.send(&mails::but("attachments", json!([file]))).await.expect(200);
    assert_eq!(mailgun.only_mail().parts("attachment"), ["hello, world"]);
}

#[tokio::test]
async fn a_byte_order_mark_before_the_json_is_left_out() {
    let proxy = Proxy::start(Settings::mock()).await;
    proxy.client.post_raw(format!("\u{feff}{}", mails::plain()), &[]).await.expect(200);
}

#[tokio::test]
async fn lone_surrogate_is_an_error_of_its_field() {
    let proxy = Proxy::start(Settings::mock()).await;
    for field in ["subject", "text", "to"] {
        let mail = mails::but(field, json!("HALF")).to_string().replace("HALF", r"\ud83d");
        let answer = proxy.client.post_raw(mail, &[]).await.expect_problem(422, "none", false);
        assert_eq!(answer.fields(), [field], "{answer}");
    }
}

#[tokio::test]
async fn broken_json_is_400_with_its_place_and_without_its_content() {
    let proxy = Proxy::start(Settings::mock()).await;
    for (body, detail) in [
        ("", "The body is empty: send the message as a JSON object."),
        ("from=canary@example.com&to=x", "The body is form data: send the message as a JSON object."),
        (
            r#"{"from":"canary@example.com",}"#,
            "The body is not JSON (line 1, column 30): remove the comma before the closing bracket.",
        ),
        (
            "{\"text\":\"canary\ncanary\"}",
            "The body is not JSON (line 1, column 16): inside of a string write a line break as \\n, a tab as \\t, another \
             control character as \\u and four digits.",
        ),
    ] {
        let answer = proxy.client.post_raw(body, &[]).await.expect_problem(400, "none", false);
        assert_eq!(answer.at("/detail"), detail, "{answer}");
        assert!(!answer.text.contains("canary"), "{answer}");
    }
}

#[tokio::test]
async fn unknown_field_error_suggests_the_field_and_comma_error_the_quotes() {
    let proxy = Proxy::start(Settings::mock()).await;
    for (field, value, words) in [
        ("body", "x", "did you mean `text` or `html`?"),
        ("replyTo", "a@example.com", "did you mean `reply_to`?"),
        ("to", "Doe, Jane <a@example.com>", r#""Doe, Jane" <a@b.org>"#),
    ] {
        let answer = proxy.client.send(&mails::but(field, json!(value))).await.expect_problem(422, "none", false);
        assert_eq!(answer.fields(), [field], "{answer}");
        let reason = answer.at("/errors/0/reason").as_str().unwrap_or_default();
        assert!(reason.contains(words), "{answer}");
    }
}
