//! What SES's answers come to.
//!
//! Source: its API reference (`SendEmail`: 200 with a `MessageId`), its developer guide, "Common error types" and botocore's
//! model of the service. The error's type decides, then the status; the text only where one type means two things: an
//! unverified sender comes as the same `MessageRejected` as a bad content, a spent daily quota as the same throttling as too
//! high a rate. A refused call is not sent, its document says.

use super::super::client::Answer;
use super::super::codes::{self, Form, Listed, Refusal};
use crate::model::outcome::Outcome::{AccountRefused, MessageRejected, NotCapable, SenderRejected, Throttled};
use crate::model::outcome::{Outcome, Reason, Subject, Verdict};

/// The header that names the type of an error.
pub(super) const ERROR_TYPE: &str = "x-amzn-errortype";

pub(super) const LISTED: &[Listed] = &[
    Listed::names(
        &["BadRequestException", "ValidationError", "ValidationException", "MessageRejected"],
        MessageRejected,
        Subject::Content,
    ),
    Listed::names(&["MailFromDomainNotVerifiedException"], SenderRejected, Subject::Sender),
    Listed::names(&["TooManyRequestsException", "ThrottlingException"], Throttled, Subject::Account),
    Listed::names(
        &["AccountSuspendedException", "SendingPausedException", "NotFoundException", "LimitExceededException"],
        AccountRefused,
        Subject::Account,
    ),
    Listed::names(
        &["AccessDeniedException", "NotAuthorized", "OptInRequired", "UnrecognizedClientException"],
        AccountRefused,
        Subject::Account,
    ),
    Listed::names(
        &["InvalidClientTokenId", "MissingAuthenticationToken", "ExpiredTokenException", "RequestExpired"],
        AccountRefused,
        Subject::Account,
    ),
    Listed::names(
        &["SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"],
        AccountRefused,
        Subject::Account,
    ),
];

pub(super) async fn judge(answer: Answer) -> Verdict {
    let named = answer.header(ERROR_TYPE).map(str::to_owned);
    let (verdict, text) = answer.text().await;
    if verdict.outcome == Outcome::Accepted {
        return accepted(&verdict, &text);
    }
    codes::decide(verdict, form(named.as_deref(), &text))
}

fn accepted(verdict: &Verdict, text: &str) -> Verdict {
    match codes::text(&codes::json(text), "MessageId") {
        Some(id) if verdict.reason == Reason::Status(200) => Verdict::accepted(verdict.reason, Some(id.to_owned())),
        _ => codes::unreadable(),
    }
}

/// The type stands in a header, in the body as `__type`, or, before its service is reached, in XML as `<Code>`.
fn form(named: Option<&str>, text: &str) -> Form {
    let body = codes::json(text);
    let name = named.filter(|name| !bare(name).is_empty()).or(codes::text(&body, "__type")).or_else(|| in_xml(text));
    let Some(name) = name else { return Form::Foreign };
    let message = codes::text(&body, "message").or(codes::text(&body, "Message")).unwrap_or_default();
    let listed = codes::by_name(LISTED, |listed| bare(listed) == bare(name));
    Form::Own(listed.map(|refusal| refine(refusal, bare(name), &message.to_ascii_lowercase())))
}

fn in_xml(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let body = text.strip_prefix("<?xml").and_then(|text| text.split_once("?>")).map_or(text, |(_, body)| body);
    let error = body.trim_start().strip_prefix("<ErrorResponse")?;
    error.split_once("<Code>")?.1.split_once("</Code>").map(|(name, _)| name)
}

/// `com.amazonaws.sesv2#BadRequestException:http://...` is a `BadRequest`; some names come with the ending and without.
fn bare(name: &str) -> &str {
    let name = name.split(':').next().unwrap_or_default();
    let name = name.rsplit('#').next().unwrap_or_default();
    name.strip_suffix("Exception").unwrap_or(name)
}

fn refine(refusal: Refusal, name: &str, text: &str) -> Refusal {
    match name {
        // From its first word on, where nothing of the mail's can stand.
        "MessageRejected" if text.starts_with("email address") && text.contains("not verified") => {
            refusal.but(SenderRejected, Subject::Sender)
        }
        "MessageRejected" | "BadRequest" | "Validation" | "ValidationError"
            if text.starts_with("recipient count exceeds") =>
        {
            refusal.but(NotCapable, Subject::Recipient)
        }
        "MessageRejected" | "BadRequest" | "Validation" | "ValidationError"
            if text.starts_with("message length is more") =>
        {
            refusal.but(NotCapable, Subject::Size)
        }
        "TooManyRequests" | "Throttling" if text.contains("quota exceeded") => {
            refusal.but(AccountRefused, Subject::Account)
        }
        // A policy of the operator's that names identities: another sender may pass.
        "AccessDenied" if text.contains(":identity/") => refusal.but(SenderRejected, Subject::Sender),
        _ => refusal,
    }
}
