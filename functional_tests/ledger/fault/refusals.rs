//! What providers say of a mail that they refuse for its sender, a recipient, its content or its size, in their own words.
//!
//! Taken from their documents. None of it says anything of the provider, so no circuit may move for it.

use super::definition::{Kind, Outcomes};
use crate::harness::Reply;

/// What such an answer may be called: nothing that blames anybody.
pub(crate) const BLAMELESS: Outcomes =
    &["message_rejected:", "sender_rejected:", "not_capable:", "deferred:", "unlisted:"];

/// A status, and the body that goes with it.
type Judgement = (u16, &'static str);

/// Everybody's: a mail that is too large.
const TOO_LARGE: Judgement = (413, "");

const MAILGUN: [Judgement; 3] = [
    (400, r#"{"message": "to parameter is not a valid address. please check documentation"}"#),
    (400, r#"{"message": "from parameter is not a valid address. please check documentation"}"#),
    TOO_LARGE,
];

const SENDGRID: [Judgement; 4] = [
    (
        400,
        r#"{"errors": [{"message": "Does not contain a valid address.", "field": "personalizations.0.to.0.email", "help": null}]}"#,
    ),
    (400, r#"{"errors": [{"message": "The subject is required.", "field": "subject", "help": null}]}"#),
    (
        403,
        r#"{"errors": [{"message": "The from address does not match a verified Sender Identity.", "field": "from", "help": null}]}"#,
    ),
    TOO_LARGE,
];

const RESEND: [Judgement; 5] = [
    (422, r#"{"statusCode": 422, "name": "invalid_from_address", "message": "Invalid `from` field."}"#),
    (422, r#"{"statusCode": 422, "name": "invalid_attachment", "message": "Attachment must have a `content`."}"#),
    (422, r#"{"statusCode": 422, "name": "validation_error", "message": "Invalid `to` field."}"#),
    (403, r#"{"statusCode": 403, "name": "validation_error", "message": "The example.com domain is not verified."}"#),
    TOO_LARGE,
];

const MANDRILL: [Judgement; 6] = [
    (
        500,
        r#"{"status": "error", "code": -2, "name": "ValidationError", "message": "You must specify a message value"}"#,
    ),
    (200, r#"[{"email": "receiver@example.net", "status": "rejected", "reject_reason": "hard-bounce", "_id": "1"}]"#),
    (200, r#"[{"email": "receiver@example.net", "status": "rejected", "reject_reason": "spam", "_id": "1"}]"#),
    (200, r#"[{"email": "receiver@example.net", "status": "rejected", "reject_reason": "unsigned", "_id": "1"}]"#),
    (200, r#"[{"email": "receiver@example.net", "status": "invalid", "_id": "1"}]"#),
    TOO_LARGE,
];

const POSTMARK: [Judgement; 6] = [
    (422, r#"{"ErrorCode": 300, "Message": "Invalid email request"}"#),
    (422, r#"{"ErrorCode": 400, "Message": "Sender signature not found"}"#),
    (422, r#"{"ErrorCode": 401, "Message": "Sender signature not confirmed"}"#),
    (422, r#"{"ErrorCode": 402, "Message": "Invalid JSON"}"#),
    (422, r#"{"ErrorCode": 406, "Message": "Inactive recipient"}"#),
    TOO_LARGE,
];

const SPARKPOST: [Judgement; 6] = [
    (422, r#"{"errors": [{"message": "invalid params", "code": "1300"}]}"#),
    (400, r#"{"errors": [{"message": "Recipient address suppressed", "code": "1902"}]}"#),
    (422, r#"{"errors": [{"message": "At least one valid recipient is required", "code": "5002"}]}"#),
    (400, r#"{"errors": [{"message": "Unconfigured Sending Domain", "code": "7001"}]}"#),
    (200, r#"{"results": {"total_rejected_recipients": 1, "total_accepted_recipients": 0, "id": "1"}}"#),
    TOO_LARGE,
];

const BREVO: [Judgement; 4] = [
    (400, r#"{"code": "invalid_parameter", "message": "email is not valid in to"}"#),
    (400, r#"{"code": "invalid_parameter", "message": "valid sender email address not found"}"#),
    (400, r#"{"code": "missing_parameter", "message": "subject is missing"}"#),
    TOO_LARGE,
];

const MAILJET: [Judgement; 4] = [
    (400, r#"{"Messages": [{"Status": "error", "Errors": [{"ErrorCode": "mj-0013", "StatusCode": 400}]}]}"#),
    (400, r#"{"Messages": [{"Status": "error", "Errors": [{"ErrorCode": "mj-0003", "StatusCode": 400}]}]}"#),
    (403, r#"{"Messages": [{"Status": "error", "Errors": [{"ErrorCode": "send-0008", "StatusCode": 403}]}]}"#),
    TOO_LARGE,
];

const SES: [Judgement; 5] = [
    (400, r#"{"__type": "BadRequestException", "message": "Missing final '@domain'"}"#),
    (400, r#"{"__type": "MessageRejected", "message": "Email address is not verified."}"#),
    (400, r#"{"__type": "MessageRejected", "message": "Email content contains a virus"}"#),
    (400, r#"{"__type": "MailFromDomainNotVerifiedException", "message": "The domain is not verified"}"#),
    TOO_LARGE,
];

/// In the provider's own form, by a code or in words that no document has: it lives, and judges.
fn unlisted(kind: Kind) -> Judgement {
    match kind {
        Kind::Mailgun => (422, r#"{"message": "Something that nobody has said before"}"#),
        Kind::SendGrid => (422, r#"{"errors": [{"message": "Something new", "field": null, "help": null}]}"#),
        Kind::Resend => (422, r#"{"statusCode": 422, "name": "brand_new", "message": "Something new"}"#),
        Kind::Mandrill => (400, r#"{"status": "error", "code": 99, "name": "Brand_New", "message": "Something new"}"#),
        Kind::Postmark => (422, r#"{"ErrorCode": 9999, "Message": "Something new"}"#),
        Kind::SparkPost => (400, r#"{"errors": [{"message": "Something new", "code": "9999"}]}"#),
        Kind::Brevo => (400, r#"{"code": "brand_new", "message": "Something new"}"#),
        Kind::Mailjet => {
            (400, r#"{"Messages": [{"Status": "error", "Errors": [{"ErrorCode": "mj-9999", "StatusCode": 400}]}]}"#)
        }
        Kind::Ses => (400, r#"{"__type": "BrandNewException", "message": "Something new"}"#),
    }
}

/// How many there are of this provider.
pub(crate) fn count(kind: Kind) -> usize {
    table(kind).len() + 1
}

/// One of them.
pub(crate) fn reply(kind: Kind, number: usize) -> Reply {
    let (status, body) = table(kind).get(number).copied().unwrap_or(unlisted(kind));
    Reply::new(status, body).with("content-type", "application/json")
}

fn table(kind: Kind) -> &'static [Judgement] {
    match kind {
        Kind::Mailgun => &MAILGUN,
        Kind::SendGrid => &SENDGRID,
        Kind::Resend => &RESEND,
        Kind::Mandrill => &MANDRILL,
        Kind::Postmark => &POSTMARK,
        Kind::SparkPost => &SPARKPOST,
        Kind::Brevo => &BREVO,
        Kind::Mailjet => &MAILJET,
        Kind::Ses => &SES,
    }
}
