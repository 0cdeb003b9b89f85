//! What every answer of Mandrill comes to.

use super::super::call::Mode;
use super::super::codes::tests::hold;
use super::super::tests::stub::{Stub, answer, check, mail_to, verdict};
use crate::model::outcome::Outcome::{self, *};
use crate::model::outcome::{Blame, Reason, Recipient, Verdict};
use std::time::Duration;

fn error(name: &str, message: &str) -> String {
    format!(r#"{{"statusCode":0,"status":"error","code":-1,"name":"{name}","message":"{message}"}}"#)
}

#[test]
fn the_codes_for_a_refused_recipient_keep_what_tables_promise() {
    hold("mandrill's recipients", super::answer::REJECTED);
}

#[tokio::test]
async fn errors_are_judged_by_name_whatever_the_status() {
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

#[tokio::test]
async fn a_rate_limit_under_another_status_keeps_its_wait() {
    let limit = r#"{"status":"error","code":-1,"name":"RequestLimitExceeded","message":"said"}"#;
    let named = verdict("mandrill", answer(500, "Retry-After: 7\r\n", limit)).await;
    assert_eq!((named.outcome, named.retry_after), (Throttled, Some(Duration::from_secs(7))));
}

/// An answer about `r0@example.org`, `r1@example.org` and so on: status and reason of each.
fn about_each(recipients: &[(&str, &str)]) -> String {
    let one = |(number, (status, reason)): (usize, &(&str, &str))| {
        format!(
            r#"{{"email":"R{number}@example.org","status":"{status}","reject_reason":"{reason}","_id":"m-{number}"}}"#
        )
    };
    let all: Vec<_> = recipients.iter().enumerate().map(one).collect();
    answer(200, "", &format!("[{}]", all.join(",")))
}

/// The verdict for a mail to so many of them.
async fn verdict_for(recipients: usize, answer: String) -> Verdict {
    let emails: Vec<_> = (0..recipients).map(|number| format!("r{number}@example.org")).collect();
    let emails: Vec<_> = emails.iter().map(String::as_str).collect();
    Stub::of("mandrill").await.judge(&mail_to(&emails), Mode::First, answer).await
}

#[tokio::test]
async fn each_recipients_status_is_judged() {
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
        let verdict = verdict_for(1, about_each(&[(status, reason)])).await;
        assert_eq!((verdict.outcome, verdict.reason.to_string().as_str()), (outcome, why), "{status} {reason}");
        assert!(verdict.recipients.is_empty(), "{status} {reason}: {verdict:?}");
    }
    for body in ["[]", "{}", "", "[{}]", r#"[{"email":"b@example.org"}]"#] {
        assert_eq!(verdict("mandrill", answer(200, "", body)).await.outcome, Unknown, "{body}");
    }
}

#[tokio::test]
async fn a_mail_that_is_stuck_is_taken_and_blames_the_account() {
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
async fn a_suppressed_recipient_decides_if_all_are_refused() {
    let verdict = verdict_for(2, about_each(&[("rejected", "unsigned"), ("rejected", "hard-bounce")])).await;
    assert_eq!((verdict.outcome, verdict.reason), (MessageRejected, Reason::Suppressed));
}

fn recipient(number: usize, outcome: Outcome, reason: Reason) -> Recipient {
    Recipient { email: format!("r{number}@example.org"), outcome, reason }
}

#[tokio::test]
async fn partial_acceptance_names_every_recipient() {
    let verdict = verdict_for(3, about_each(&[("rejected", "unsub"), ("sent", ""), ("queued", "")])).await;
    let taken = Verdict::accepted(Reason::Status(200), Some("m-1".to_owned()));
    let recipients = vec![
        recipient(0, MessageRejected, Reason::Suppressed),
        recipient(1, Accepted, Reason::Status(200)),
        recipient(2, Accepted, Reason::Status(200)),
    ];
    assert_eq!(verdict, Verdict { recipients, ..taken });
    assert!(verdict_for(2, about_each(&[("sent", ""), ("queued", "")])).await.recipients.is_empty());
}

#[tokio::test]
async fn recipients_that_are_not_named_are_unknown() {
    let taken_for_one = verdict_for(2, about_each(&[("sent", "")])).await;
    let unnamed = recipient(1, Unknown, Reason::UnreadableAnswer);
    assert_eq!(taken_for_one.recipients, [recipient(0, Accepted, Reason::Status(200)), unnamed]);
    let refused_for_one = verdict_for(2, about_each(&[("rejected", "unsub")])).await;
    assert_eq!(refused_for_one.outcome, Unknown, "nobody knows what became of the other");
    // The third is none of ours.
    let with_an_unknown_recipient =
        verdict_for(2, about_each(&[("rejected", "unsub"), ("sent", ""), ("rejected", "spam")])).await;
    assert_eq!(with_an_unknown_recipient.recipients.len(), 2, "{with_an_unknown_recipient:?}");
    let of_an_unknown_recipient =
        r#"[{"email":"x@example.org","status":"sent"},{"email":"r0@example.org","status":"invalid"}]"#;
    assert_eq!(verdict_for(2, answer(200, "", of_an_unknown_recipient)).await.outcome, Unknown);
    // Spelled in another way: it says the same of all.
    let elsewhere = r#"[{"email":"xn--r-0@example.org","status":"sent","_id":"1"}]"#;
    let verdict = verdict_for(1, answer(200, "", elsewhere)).await;
    assert_eq!((verdict.outcome, verdict.recipients.len()), (Accepted, 0));
}

#[tokio::test]
async fn an_answer_about_5000_recipients_is_read() {
    let emails: Vec<_> = (0..5000).map(|number| format!("recipient-{number}@subsidiary.example.org")).collect();
    let mail = mail_to(&emails.iter().map(String::as_str).collect::<Vec<_>>());
    let one = |email: &String| {
        format!(
            r#"{{"email": "{email}", "status": "sent", "_id": "d00c5c1d0f6d4e6f8a7b", "reject_reason": null, "queued_reason": null}}"#
        )
    };
    let body = format!("[{}]", emails.iter().map(one).collect::<Vec<_>>().join(",\n"));
    assert!(body.len() > 600_000);
    let stub = Stub::of("mandrill").await;
    let verdict = stub.judge(&mail, Mode::First, answer(200, "", &body)).await;
    assert_eq!((verdict.outcome, verdict.recipients.len()), (Accepted, 0));
    let beyond = format!("{body}{}", " ".repeat(5_300_000));
    let verdict = stub.judge(&mail, Mode::First, answer(200, "", &beyond)).await;
    assert_eq!(verdict, Verdict::new(Unknown, Reason::UnreadableAnswer));
}
