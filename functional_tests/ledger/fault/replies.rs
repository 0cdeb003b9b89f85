//! What providers say: yes, no, and what gateways say in their place.

use super::definition::Kind;
use crate::harness::Reply;
use crate::harness::stub_provider::Step;

/// What a provider without a fault does.
pub(crate) fn well(kind: Kind) -> Step {
    match kind {
        Kind::Mailgun => Reply::mailgun_accepts().into(),
        Kind::SendGrid => Reply::sendgrid_accepts().into(),
        Kind::Resend => Reply::resend_accepts().into(),
        Kind::Mandrill => json(r#"[{"email": "receiver@example.net", "status": "sent", "_id": "1"}]"#),
        Kind::Postmark => json(r#"{"ErrorCode": 0, "Message": "OK", "MessageID": "1"}"#),
        Kind::SparkPost => json(r#"{"results": {"total_accepted_recipients": 1, "id": "1"}}"#),
        Kind::Brevo => Reply::new(201, r#"{"messageId": "<1>"}"#).with("content-type", "application/json").into(),
        Kind::Ses => json(r#"{"MessageId": "1"}"#),
        Kind::Mailjet => json(r#"{"Messages": [{"Status": "success", "To": [{"MessageID": 1}]}]}"#),
    }
}

fn json(body: &str) -> Step {
    Reply::new(200, body).with("content-type", "application/json").into()
}

pub(super) fn refuses(kind: Kind, status: u16, message: &str) -> Reply {
    match kind {
        Kind::Mailgun => Reply::mailgun_refuses(status, message),
        Kind::SendGrid => Reply::sendgrid_refuses(status, message),
        Kind::Resend => Reply::resend_refuses(status, name(status, message), message),
        // Of them only faults are played that are not in their words.
        _ => Reply::new(status, message),
    }
}

/// What Resend's table of errors calls it.
fn name(status: u16, message: &str) -> &'static str {
    match status {
        401 => "invalid_api_key",
        403 if message.contains("suspended") => "suspended_api_key",
        404 => "not_found",
        429 => "rate_limit_exceeded",
        500.. => "internal_server_error",
        _ => "validation_error",
    }
}

pub(super) fn refusal(kind: Kind, status: u16, message: &str) -> Step {
    refuses(kind, status, message).into()
}

/// A gateway's error page.
pub(super) fn page(status: u16) -> Step {
    Reply::new(status, "<html>Bad Gateway</html>").with("content-type", "text/html").into()
}

pub(super) fn elsewhere(status: u16) -> Step {
    Reply::new(status, "").with("location", "http://127.0.0.1:1/").into()
}

/// The accepting status, and the start of a body that was to be longer.
pub(super) fn yes(kind: Kind, start: &str) -> Step {
    let status = if kind == Kind::SendGrid { "202 Scripted\r\nx-message-id: 1" } else { "200 Scripted" };
    let text = format!("HTTP/1.1 {status}\r\ncontent-length: 1000000000\r\n\r\n{start}");
    Step::Write(text.into_bytes())
}
