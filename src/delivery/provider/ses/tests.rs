//! What every answer of Amazon SES comes to, and what it is built from.

use super::super::tests::stub::{CONNECT, answer, check, verdict};
use super::super::values::Values;
use super::KIND;
use crate::model::outcome::Outcome::{self, *};
use crate::model::outcome::{Reason, Verdict};

const ROWS: [(u16, &str, &str, Outcome); 33] = [
    (400, "BadRequestException", "Missing final '@domain'", MessageRejected),
    (400, "ValidationError", "", MessageRejected),
    (400, "ValidationException", "", MessageRejected),
    (400, "MessageRejected", "Illegal content", MessageRejected),
    (400, "MessageRejected", "Email address is not verified. The following identities failed", SenderRejected),
    (400, "BadRequestException", "Recipient count exceeds 50.", NotCapable),
    (400, "MessageRejected", "Message length is more than 41943040 bytes long: '50000000'.", NotCapable),
    (400, "MailFromDomainNotVerifiedException", "", SenderRejected),
    (400, "ThrottlingException", "Maximum sending rate exceeded.", Throttled),
    (400, "ThrottlingException", "Daily message quota exceeded.", AccountRefused),
    (400, "Throttling", "Maximum sending rate exceeded.", Throttled),
    (429, "TooManyRequestsException", "", Throttled),
    (429, "TooManyRequestsException", "Daily message quota exceeded", AccountRefused),
    (400, "AccountSuspendedException", "", AccountRefused),
    (400, "SendingPausedException", "", AccountRefused),
    (400, "LimitExceededException", "", AccountRefused),
    (404, "NotFoundException", "", AccountRefused),
    (400, "AccessDeniedException", "", AccountRefused),
    (403, "AccessDenied", "", AccountRefused),
    (
        403,
        "AccessDenied",
        "not authorized to perform `ses:SendEmail' on resource `arn:aws:ses:x:1:identity/foo.example'",
        SenderRejected,
    ),
    (403, "UnrecognizedClientException", "The security token included in the request is invalid", AccountRefused),
    (403, "InvalidClientTokenId", "", AccountRefused),
    (403, "SignatureDoesNotMatch", "", AccountRefused),
    (403, "InvalidSignatureException", "Signature expired", AccountRefused),
    (403, "ExpiredTokenException", "", AccountRefused),
    (403, "IncompleteSignature", "", AccountRefused),
    (400, "RequestExpired", "", AccountRefused),
    (403, "MissingAuthenticationToken", "", AccountRefused),
    (400, "MessageRejected", "Illegal file name 'address is not verified.txt'", MessageRejected),
    (400, "SomethingNewException", "", Unlisted),
    (403, "SomethingNewException", "", Unlisted),
    (500, "InternalFailure", "", Unknown),
    (503, "ServiceUnavailable", "", Unknown),
];

#[tokio::test]
async fn answers_are_judged_by_the_type_of_the_error_wherever_it_stands() {
    for (status, name, text, outcome) in ROWS {
        let header = format!("x-amzn-ErrorType: {name}:http://internal.amazon.com/coral/\r\n");
        let said = format!(r#"{{"message":"{text}"}}"#);
        let typed = format!(r#"{{"__type":"com.amazonaws.sesv2#{name}","Message":"{text}"}}"#);
        for answer in [answer(status, &header, &said), answer(status, "", &typed)] {
            assert_eq!(verdict("ses", answer.clone()).await.outcome, outcome, "{answer}");
        }
    }
}

#[tokio::test]
async fn answers_without_a_type_are_judged_by_status() {
    let rows = [
        (200, r#"{"MessageId":"0100"}"#, Accepted),
        (200, "", Unknown),
        (200, "{}", Unknown),
        (200, "<html>", Unknown),
        (400, "<html>", Unclassified),
        (401, "", AccountRefused),
        (403, "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error></ErrorResponse>", AccountRefused),
        (
            403,
            "<?xml version=\"1.0\"?>\n<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>",
            AccountRefused,
        ),
        (403, "<?xml version=\"1.0\"?><html><Code>InvalidClientTokenId</Code></html>", Unlisted),
        (403, "<ErrorResponse><Error><Code>SomethingNew</Code></Error></ErrorResponse>", Unlisted),
        (403, "<html>", Unlisted),
        (404, "", AccountRefused),
        (408, "", Unknown),
        (413, "", NotCapable),
        (429, "", Throttled),
        (500, r#"{"__type":"BadRequestException"}"#, Unknown),
        (502, "<html>", Unknown),
        (504, "", Unknown),
        (307, "", Unavailable),
    ];
    check("ses", &rows).await;
    let taken = verdict("ses", answer(200, "", r#"{"MessageId":"0100"}"#)).await;
    assert_eq!(taken, Verdict::accepted(Reason::Status(200), Some("0100".to_owned())));
}

#[test]
fn the_region_is_part_of_the_address() {
    let build = |region: &str, base_url: &str| {
        let mut values = Values::default();
        values.set("REGION", region.into());
        values.set("BASE_URL", base_url.into());
        (KIND.build)(&values, CONNECT).err().map(|invalid| invalid.variable)
    };
    assert_eq!(build("eu-west-1", "https://email.{region}.amazonaws.com"), None);
    for region in ["EU", "eu.evil.example/", "eu west"] {
        assert_eq!(build(region, "https://email.{region}.amazonaws.com"), Some("REGION"), "{region}");
    }
}
