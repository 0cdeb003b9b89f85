//! The adapters whose errors have codes of their own.

use super::*;
use crate::model::outcome::Outcome::*;
use crate::model::outcome::{Blame, Recipient};

fn pm(code: u32) -> String {
    format!(r#"{{"ErrorCode":{code},"Message":"said"}}"#)
}

#[tokio::test]
async fn postmarks_answers_are_judged_by_its_codes_then_by_its_table() {
    for (status, code, outcome) in [
        (422, 300, MessageRejected),
        (422, 402, MessageRejected),
        (422, 403, MessageRejected),
        (422, 409, MessageRejected),
        (422, 410, MessageRejected),
        (422, 411, NotCapable),
        (422, 406, MessageRejected),
        (422, 400, SenderRejected),
        (422, 401, SenderRejected),
        (401, 10, AccountRefused),
        (422, 405, AccountRefused),
        (422, 412, AccountRefused),
        (422, 413, AccountRefused),
        (422, 1235, AccountRefused),
        (422, 1236, AccountRefused),
        (503, 100, Unavailable),
        (422, 429, Throttled),
        (422, 999, Unlisted),
        (415, 999, Unlisted),
        (500, 300, Unknown),
        (500, 999, Unknown),
        (200, 300, MessageRejected),
        (200, 999, Unlisted),
    ] {
        let verdict = verdict("postmark", answer(status, "", &pm(code))).await;
        assert_eq!(verdict.outcome, outcome, "{status} {code}");
    }
    let accepted = r#"{"ErrorCode":0,"Message":"OK","MessageID":"m1"}"#;
    let rows = [
        (200, accepted, Accepted),
        (200, r#"{"Message":"delivery may be delayed","MessageID":"m1"}"#, Accepted),
        (200, "", Unknown),
        (200, "{}", Unknown),
        (401, "", AccountRefused),
        (413, "", NotCapable),
        (429, "", Throttled),
        (500, "", Unknown),
        (503, "", Unknown),
        (422, "<html>", Unclassified),
    ];
    check("postmark", &rows).await;
    let suppressed = verdict("postmark", answer(422, "", &pm(406))).await;
    assert_eq!(suppressed.reason, Reason::Suppressed);
}

#[tokio::test]
async fn postmarks_sentence_about_inactive_addresses_is_read() {
    let say = |addresses: &str| {
        let message = format!(
            "OK, but will not deliver to these inactive addresses: {addresses}. Inactive recipients are ones that ..."
        );
        answer(200, "", &format!(r#"{{"ErrorCode":0,"Message":"{message}","MessageID":"m1"}}"#))
    };
    let suppressed =
        Recipient { email: "b@example.org".to_owned(), outcome: MessageRejected, reason: Reason::Suppressed };
    let verdict = verdict("postmark", say("x@example.org, B@example.org")).await;
    assert_eq!((verdict.outcome, &verdict.recipients[..]), (Accepted, &[suppressed][..]));
    let other = self::verdict("postmark", say("x@example.org")).await;
    assert!(other.recipients.is_empty(), "{other:?}");
}

fn sp(code: u32) -> String {
    format!(r#"{{"errors":[{{"message":"said","code":"{code}"}}]}}"#)
}

#[tokio::test]
async fn sparkposts_answers_are_judged_by_its_codes_then_by_its_table() {
    let row = |status, code, outcome| (status, code, outcome);
    let mut rows: Vec<_> =
        [1301, 1400, 1901, 3000, 3001, 3050, 1305, 5002].map(|code| row(422, code, MessageRejected)).into();
    rows.extend([
        row(422, 2002, NotCapable),
        row(422, 1300, NotCapable),
        row(400, 1902, MessageRejected),
        row(400, 1910, Unavailable),
    ]);
    rows.extend([1100, 1601].map(|code| row(403, code, AccountRefused)));
    rows.extend([2101, 2103].map(|code| row(420, code, AccountRefused)));
    rows.extend([
        (400, 7000, SenderRejected),
        (400, 7001, SenderRejected),
        (503, 1900, Unavailable),
        (400, 1502, Unavailable),
    ]);
    rows.extend([(503, 9999, Unknown), (400, 9999, Unlisted), (422, 9999, Unlisted), (500, 1300, Unknown)]);
    for (status, code, outcome) in rows {
        let verdict = verdict("sparkpost", answer(status, "", &sp(code))).await;
        assert_eq!(verdict.outcome, outcome, "{status} {code}");
        assert_eq!(verdict.reason == Reason::Suppressed, code == 1902, "{status} {code}");
    }
    let results = |taken, refused| {
        format!(
            r#"{{"results":{{"total_accepted_recipients":{taken},"total_rejected_recipients":{refused},"id":"t1"}}}}"#
        )
    };
    let (taken, none, nobody) = (results(1, 0), results(0, 1), results(0, 0));
    let rows = [
        (200, taken.as_str(), Accepted),
        (200, none.as_str(), MessageRejected),
        (200, nobody.as_str(), Unknown),
        (200, "", Unknown),
        (401, "", AccountRefused),
        (413, "", NotCapable),
        (420, "", AccountRefused),
        (429, "", Throttled),
        (500, "", Unknown),
        (503, "", Unknown),
        (422, "<html>", Unclassified),
        (420, r#"{"errors":[{"message":"new","code":"9999"}]}"#, AccountRefused),
    ];
    check("sparkpost", &rows).await;
    let partly = verdict("sparkpost", answer(200, "", &results(1, 1))).await;
    assert_eq!((partly.outcome, partly.recipients[0].outcome), (Accepted, Unknown), "it does not say whom");
}

fn bv(code: &str, message: &str) -> String {
    format!(r#"{{"code":"{code}","message":"{message}"}}"#)
}

#[tokio::test]
async fn brevos_answers_are_judged_by_its_codes_then_by_its_table() {
    for (status, code, message, outcome) in [
        (400, "invalid_parameter", "email is not valid in to", MessageRejected),
        (400, "missing_parameter", "", MessageRejected),
        (400, "out_of_range", "", NotCapable),
        (400, "bad_request", "", MessageRejected),
        (400, "invalid_parameter", "Unexpected long headers length, got: 5000 want: less than 4096 chars", NotCapable),
        (
            400,
            "invalid_parameter",
            "Sending has been rejected because the sender you used is not valid",
            SenderRejected,
        ),
        (422, "invalid_parameter", "", MessageRejected),
        (400, "not_enough_credits", "", AccountRefused),
        (402, "not_enough_credits", "", AccountRefused),
        (401, "unauthorized", "", AccountRefused),
        (403, "permission_denied", "", AccountRefused),
        (403, "account_under_validation", "", AccountRefused),
        (400, "invalid_parameter", "email is not valid in to: domain does not exist", MessageRejected),
    ] {
        let verdict = verdict("brevo", answer(status, "", &bv(code, message))).await;
        assert_eq!(verdict.outcome, outcome, "{status} {code} {message}");
    }
    let rows = [
        (400, r#"{"code":"something_new","message":"said"}"#, Unlisted),
        (406, r#"{"code":"not_acceptable","message":"said"}"#, Unlisted),
        (400, r#"{"code":"invalid_parameter","message":"no such file: sender is not valid.exe"}"#, MessageRejected),
        (402, r#"{"code":"account_under_validation","message":"said"}"#, AccountRefused),
        (201, r#"{"messageId":"<1@bv>"}"#, Accepted),
        (202, "", Accepted),
        (400, "<html>", Unclassified),
        (404, "", AccountRefused),
        (425, "", Unknown),
        (429, "", Throttled),
        (500, "", Unknown),
        (502, "", Unknown),
        (503, "", Unknown),
        (504, "", Unknown),
    ];
    check("brevo", &rows).await;
    let reset = verdict("brevo", answer(429, "x-sib-ratelimit-reset: 9\r\n", "")).await;
    assert_eq!(reset.retry_after, Some(Duration::from_secs(9)));
}

fn mj(code: &str) -> String {
    format!(r#"{{"Messages":[{{"Status":"error","Errors":[{{"ErrorCode":"{code}"}}]}}]}}"#)
}

#[tokio::test]
async fn mailjets_answers_are_judged_by_its_codes_then_by_its_table() {
    let mut rows = Vec::new();
    for number in [2, 3, 4, 5, 7, 12, 13] {
        rows.push((400, format!("mj-{number:04}"), MessageRejected));
    }
    // Another may take more characters, elements, bytes or recipients.
    rows.extend(["mj-0006", "mj-0008", "mj-0011", "send-0015"].map(|code| (400, code.to_owned(), NotCapable)));
    for number in [3, 4, 10, 11, 12, 13, 14, 16] {
        rows.push((400, format!("send-{number:04}"), MessageRejected));
    }
    for number in [6, 7, 8] {
        rows.push((403, format!("send-{number:04}"), SenderRejected));
    }
    rows.extend([(401, "mj-0001".to_owned(), AccountRefused), (401, "mj-0015".to_owned(), AccountRefused)]);
    rows.extend([(400, "mj-9999".to_owned(), Unlisted), (500, "mj-9999".to_owned(), Unknown)]);
    rows.extend([(500, "mj-0003".to_owned(), Unknown), (200, "mj-0003".to_owned(), MessageRejected)]);
    for (status, code, outcome) in rows {
        let root = format!(r#"{{"ErrorCode":"{code}","StatusCode":{status}}}"#);
        for body in [mj(&code), root] {
            assert_eq!(verdict("mailjet", answer(status, "", &body)).await.outcome, outcome, "{status} {body}");
        }
    }
    let taken =
        r#"{"Messages":[{"Status":"success","To":[{"Email":"b@example.org","MessageID":18446744073709551615}]}]}"#;
    let rows = [
        (200, taken, Accepted),
        (400, taken, Accepted),
        (500, taken, Unknown),
        (200, "", Unknown),
        (429, "<html>", Throttled),
        (500, "", Unknown),
        (502, "", Unknown),
    ];
    check("mailjet", &rows).await;
    let id = verdict("mailjet", answer(200, "", taken)).await.provider_message_id;
    assert_eq!(id.as_deref(), Some("18446744073709551615"));
}

#[tokio::test]
async fn brevos_duplicate_is_an_acceptance_only_to_a_repeat() {
    let stub = Stub::of("brevo").await;
    for code in ["duplicate_parameter", "duplicate_request"] {
        let refused = answer(400, "", &bv(code, "said"));
        for mode in [Mode::First, Mode::Probe] {
            let verdict = stub.judge(&mail(), mode, refused.clone()).await;
            assert_eq!((verdict.outcome, verdict.reason), (Unknown, Reason::Duplicate), "{code} {mode:?}");
            assert_eq!(verdict.blame(), Blame::Neutral, "a caller who repeats a mail closes it to nobody");
        }
        let verdict = stub.judge(&mail(), Mode::Repeat, refused).await;
        assert_eq!((verdict.outcome, verdict.provider_message_id), (Accepted, None), "{code}");
    }
}
