//! The adapters whose errors have names, which say more than the status.

use super::*;
use crate::model::outcome::Outcome::*;
use crate::model::outcome::{Blame, Recipient};

fn error(name: &str, message: &str) -> String {
    format!(r#"{{"statusCode":0,"status":"error","code":-1,"name":"{name}","message":"{message}"}}"#)
}

#[tokio::test]
async fn resends_answers_are_judged_by_its_names_then_by_its_table() {
    for (status, name, message, outcome) in [
        (400, "validation_error", "API key is invalid", AccountRefused),
        (400, "validation_error", "Invalid `to` field", MessageRejected),
        (400, "invalid_idempotency_key", "", MessageRejected),
        (422, "missing_required_field", "", MessageRejected),
        (422, "invalid_attachment", "", MessageRejected),
        (422, "invalid_parameter", "", MessageRejected),
        (401, "missing_api_key", "", AccountRefused),
        (401, "restricted_api_key", "", AccountRefused),
        (403, "invalid_api_key", "", AccountRefused),
        (403, "suspended_api_key", "", AccountRefused),
        (403, "invalid_permission", "", AccountRefused),
        (400, "validation_error", "No tag 'API key is invalid'", MessageRejected),
        (422, "invalid_from_address", "", MessageRejected),
        (451, "security_error", "", MessageRejected),
        (422, "something_new", "", Unlisted),
        (403, "something_new", "", Unlisted),
        (403, "validation_error", "The x domain is not verified.", SenderRejected),
        (404, "not_found", "", AccountRefused),
        (405, "method_not_allowed", "", AccountRefused),
        (409, "invalid_idempotent_request", "", Unknown),
        (409, "concurrent_idempotent_requests", "", Unknown),
        (429, "rate_limit_exceeded", "", Throttled),
        (429, "daily_quota_exceeded", "", AccountRefused),
        (429, "monthly_quota_exceeded", "", AccountRefused),
        (500, "application_error", "", Unknown),
        (500, "service_unavailable", "", Unknown),
        (503, "service_unavailable", "", Unknown),
    ] {
        let verdict = verdict("resend", answer(status, "", &error(name, message))).await;
        assert_eq!(verdict.outcome, outcome, "{status} {name} {message}");
    }
    let rows = [
        (200, r#"{"id":"e1"}"#, Accepted),
        (200, "", Unknown),
        (200, "{}", Unknown),
        (400, "<html>", Unclassified),
        (403, "<html>", Unlisted),
        (409, "<html>", Unknown),
        (429, "", Throttled),
        (502, "<html>", Unknown),
        (308, "", Unavailable),
    ];
    check("resend", &rows).await;
}

#[tokio::test]
async fn resend_names_its_wait_in_either_header() {
    for (headers, seconds) in [("Retry-After: 7\r\n", Some(7)), ("ratelimit-reset: 3\r\n", Some(3)), ("", None)] {
        let verdict = verdict("resend", answer(429, headers, &error("rate_limit_exceeded", ""))).await;
        assert_eq!(verdict.retry_after, seconds.map(Duration::from_secs), "{headers}");
    }
}

#[tokio::test]
async fn mandrills_errors_are_judged_by_their_names_whatever_the_status() {
    for status in [400, 401, 500] {
        for (name, outcome) in [
            ("Invalid_Key", AccountRefused),
            ("PaymentRequired", AccountRefused),
            ("Unknown_Subaccount", AccountRefused),
            ("Unknown_Template", AccountRefused),
            ("ValidationError", MessageRejected),
            ("ServiceUnavailable", Unavailable),
            ("RequestLimitExceeded", Throttled),
        ] {
            let verdict = verdict("mandrill", answer(status, "", &error(name, "said"))).await;
            assert_eq!(verdict.outcome, outcome, "{status} {name}");
        }
    }
    let (unexpected, new) = (error("GeneralError", "An unexpected error occurred"), error("New_Error", ""));
    let rows = [
        (500, unexpected.as_str(), Unknown),
        (500, new.as_str(), Unknown),
        (500, r#"{"name":"ValidationError"}"#, Unknown),
        (400, new.as_str(), Unlisted),
        (500, "", Unknown),
        (503, "<html>", Unknown),
        (429, "", Throttled),
        (400, "<html>", Unclassified),
        (404, "", AccountRefused),
    ];
    check("mandrill", &rows).await;
}

/// Of `r0@example.org`, `r1@example.org` and so on: status and reason.
fn said(recipients: &[(&str, &str)]) -> String {
    let one = |(number, (status, reason)): (usize, &(&str, &str))| {
        format!(
            r#"{{"email":"R{number}@example.org","status":"{status}","reject_reason":"{reason}","_id":"m-{number}"}}"#
        )
    };
    let all: Vec<_> = recipients.iter().enumerate().map(one).collect();
    answer(200, "", &format!("[{}]", all.join(",")))
}

/// To so many of them.
async fn mandrill(recipients: usize, answer: String) -> Verdict {
    let emails: Vec<_> = (0..recipients).map(|number| format!("r{number}@example.org")).collect();
    let emails: Vec<_> = emails.iter().map(String::as_str).collect();
    Stub::of("mandrill").await.judge(&mail_to(&emails), Mode::First, answer).await
}

#[tokio::test]
async fn mandrills_word_for_every_recipient_is_read() {
    for (status, reason, outcome, why) in [
        ("sent", "", Accepted, "http_200"),
        ("queued", "", Accepted, "http_200"),
        ("scheduled", "", Accepted, "http_200"),
        ("invalid", "", MessageRejected, "refused_in_body"),
        ("rejected", "invalid", MessageRejected, "refused_in_body"),
        ("rejected", "invalid-sender", MessageRejected, "refused_in_body"),
        ("rejected", "hard-bounce", MessageRejected, "suppressed"),
        ("rejected", "soft-bounce", MessageRejected, "suppressed"),
        ("rejected", "spam", MessageRejected, "suppressed"),
        ("rejected", "unsub", MessageRejected, "suppressed"),
        ("rejected", "custom", MessageRejected, "suppressed"),
        ("rejected", "rule", MessageRejected, "suppressed"),
        ("rejected", "unsigned", SenderRejected, "refused_in_body"),
        ("rejected", "something new", Unlisted, "refused_in_body"),
        ("rejected", "test-mode-limit", AccountRefused, "refused_in_body"),
        ("lost", "", Unknown, "unreadable_answer"),
    ] {
        let verdict = mandrill(1, said(&[(status, reason)])).await;
        assert_eq!((verdict.outcome, verdict.reason.to_string().as_str()), (outcome, why), "{status} {reason}");
        assert!(verdict.recipients.is_empty(), "{status} {reason}: {verdict:?}");
    }
    for body in ["[]", "{}", "", "[{}]", r#"[{"email":"b@example.org"}]"#] {
        assert_eq!(verdict("mandrill", answer(200, "", body)).await.outcome, Unknown, "{body}");
    }
}

#[tokio::test]
async fn mandrills_mail_that_is_stuck_is_taken_and_speaks_against_the_account() {
    for reason in [
        "account-suspended",
        "sending-paused",
        "sending-suspended",
        "monthly-limit-reached",
        "free-trial-sends-exhausted",
    ] {
        let body = format!(r#"[{{"email":"b@example.org","status":"queued","queued_reason":"{reason}","_id":"m1"}}]"#);
        let verdict = verdict("mandrill", answer(200, "", &body)).await;
        assert_eq!((verdict.outcome, verdict.reason), (Accepted, Reason::Stuck), "{reason}");
        assert_eq!((verdict.blame(), verdict.blame_of_probe()), (Blame::Account, Blame::Account), "{reason}");
    }
    let harmless = r#"[{"email":"b@example.org","status":"queued","queued_reason":"attachments","_id":"m1"}]"#;
    assert_eq!(verdict("mandrill", answer(200, "", harmless)).await.blame(), Blame::Success);
}

#[tokio::test]
async fn of_recipients_that_are_all_refused_a_suppressed_one_decides() {
    let verdict = mandrill(2, said(&[("rejected", "unsigned"), ("rejected", "hard-bounce")])).await;
    assert_eq!((verdict.outcome, verdict.reason), (MessageRejected, Reason::Suppressed));
}

fn recipient(number: usize, outcome: Outcome, reason: Reason) -> Recipient {
    Recipient { email: format!("r{number}@example.org"), outcome, reason }
}

#[tokio::test]
async fn a_mail_that_was_taken_for_some_is_accepted_and_says_for_whom() {
    let verdict = mandrill(3, said(&[("rejected", "unsub"), ("sent", ""), ("queued", "")])).await;
    let taken = Verdict::accepted(Reason::Status(200), Some("m-1".to_owned()));
    let recipients = vec![
        recipient(0, MessageRejected, Reason::Suppressed),
        recipient(1, Accepted, Reason::Status(200)),
        recipient(2, Accepted, Reason::Status(200)),
    ];
    assert_eq!(verdict, Verdict { recipients, ..taken });
    assert!(mandrill(2, said(&[("sent", ""), ("queued", "")])).await.recipients.is_empty());
}

#[tokio::test]
async fn mandrills_recipients_are_ours_and_those_that_it_does_not_name_are_unknown() {
    let taken_for_one = mandrill(2, said(&[("sent", "")])).await;
    let unnamed = recipient(1, Unknown, Reason::UnreadableAnswer);
    assert_eq!(taken_for_one.recipients, [recipient(0, Accepted, Reason::Status(200)), unnamed]);
    let refused_for_one = mandrill(2, said(&[("rejected", "unsub")])).await;
    assert_eq!(refused_for_one.outcome, Unknown, "nobody knows what became of the other");
    // The third is none of ours.
    let with_a_stranger = mandrill(2, said(&[("rejected", "unsub"), ("sent", ""), ("rejected", "spam")])).await;
    assert_eq!(with_a_stranger.recipients.len(), 2, "{with_a_stranger:?}");
    let of_a_stranger = r#"[{"email":"x@example.org","status":"sent"},{"email":"r0@example.org","status":"invalid"}]"#;
    assert_eq!(mandrill(2, answer(200, "", of_a_stranger)).await.outcome, Unknown);
    // Spelled in another way: it says the same of all.
    let elsewhere = r#"[{"email":"xn--r-0@example.org","status":"sent","_id":"1"}]"#;
    let verdict = mandrill(1, answer(200, "", elsewhere)).await;
    assert_eq!((verdict.outcome, verdict.recipients.len()), (Accepted, 0));
}
