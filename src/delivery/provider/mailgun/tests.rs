//! What every answer of Mailgun comes to.

use super::super::tests::blame;
use super::super::tests::stub::{answer, check, verdict};
use crate::model::outcome::{Outcome, Reason, Verdict};

#[tokio::test]
async fn answers_are_judged_by_the_table() {
    use Outcome::*;
    let rows = [
        (200, r#"{"id":"<1@mg>","message":"Queued. Thank you."}"#, Accepted),
        (200, r#"{"message":"Queued. Thank you."}"#, Accepted),
        (200, "Mailgun Magnificent API", Unavailable),
        (200, "", Unknown),
        (200, "<html>", Unknown),
        (200, "[]", Unknown),
        (200, r#"{"error":"maintenance"}"#, Unknown),
        (400, r#"{"message":"'to' parameter is not a valid address. please check documentation"}"#, MessageRejected),
        (400, r#"{"message":"Too many recipients; max is 1000"}"#, NotCapable),
        (
            400,
            r#"{"message":"Send options (parameters starting with o:, h:, or v:) are limited to 16 kB total"}"#,
            NotCapable,
        ),
        (400, r#"{"message":"Domain x is not allowed to send: the domain is unverified"}"#, AccountRefused),
        (400, "<html>plain HTTP to an HTTPS port</html>", Unclassified),
        (401, "Forbidden", AccountRefused),
        (402, "", AccountRefused),
        (403, r#"{"message":"Your account is suspended"}"#, AccountRefused),
        (403, r#"{"message":"no"}"#, Unlisted),
        (403, "<html>your key is suspended</html>", Unlisted),
        (404, r#"{"message":"Domain not found: x"}"#, AccountRefused),
        (413, "", NotCapable),
        (418, "", Unclassified),
        (418, r#"{"message":"I'm a teapot"}"#, Unlisted),
        (420, r#"{"message":"hourly limit"}"#, AccountRefused),
        (429, r#"{"message":"Too many requests"}"#, Throttled),
        (500, r#"{"message":"Internal Server Error"}"#, Unknown),
        (502, "<html>", Unknown),
        (503, "", Unknown),
        (504, "", Unknown),
        (302, "", Unavailable),
        (303, "", Unknown),
    ];
    check("mailgun", &rows).await;
}

#[tokio::test]
async fn its_own_id_is_kept() {
    let verdict = verdict("mailgun", answer(200, "", r#"{"id":"<1@mg>","message":"Queued. Thank you."}"#)).await;
    assert_eq!(verdict, Verdict::accepted(Reason::Status(200), Some("<1@mg>".to_owned())));
}

#[tokio::test]
async fn account_words_count_unless_the_mail_holds_them() {
    blame::account_words_count_unless_the_mail_holds_them("mailgun").await;
}
