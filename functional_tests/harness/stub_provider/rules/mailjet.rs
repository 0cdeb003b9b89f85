//! Mailjet: its guide "Send API v3.1", the tables of properties, forbidden headers and errors.

use serde_json::{Value, json};

use super::checks::{Verdict, coded, demand, each, pairs};
use super::mailboxes::is_utf8_address;
use super::shape::Shape::{Flag, List, Map, Object, Text};
use super::shape::{BASE64, FILLED, Shape, TEXT, may, needed};
use crate::harness::{Reply, Request};

const PARTY: Shape = Object(&[needed("Email", Text(1, usize::MAX, is_utf8_address)), may("Name", TEXT)]);
const PARTIES: Shape = List(1, 50, &PARTY);
const FILE: Shape = Object(&[
    needed("ContentType", Text(1, usize::MAX, |kind| !kind.contains(';'))),
    needed("Filename", FILLED),
    needed("Base64Content", BASE64),
    may("ContentID", FILLED),
]);
const SWITCH: Shape = Text(1, 15, |text| ["account_default", "disabled", "enabled"].contains(&text));
const MESSAGE: Shape = Object(&[
    needed("From", PARTY),
    needed("To", PARTIES),
    may("Cc", PARTIES),
    may("Bcc", PARTIES),
    may("ReplyTo", PARTY),
    may("Subject", TEXT),
    may("TextPart", TEXT),
    may("HTMLPart", TEXT),
    may("Attachments", List(0, usize::MAX, &FILE)),
    may("InlinedAttachments", List(0, usize::MAX, &FILE)),
    may("Headers", Map(&TEXT)),
    may("CustomCampaign", TEXT),
    may("CustomID", TEXT),
    may("EventPayload", TEXT),
    may("TrackOpens", SWITCH),
    may("TrackClicks", SWITCH),
]);
const MAIL: Shape = Object(&[needed("Messages", List(1, 50, &MESSAGE)), may("SandboxMode", Flag)]);
/// "List of forbidden headers", and Reply-To, which has a property of its own.
const FORBIDDEN: &str = "from sender subject to cc bcc return-path delivered-to dkim-signature domainkey-status \
    received-spf authentication-results received x-mailjet-prio x-mailjet-debug user-agent x-mailer x-mj-customid \
    x-mj-eventpayload x-mj-vars x-mj-templateerrordeliver x-mj-templateerrorreporting x-mj-templatelanguage \
    x-mailjet-trackopen x-mailjet-trackclick x-mj-templateid x-mj-workflowid x-feedback-id x-mailjet-segmentation \
    list-id x-mj-mid x-mj-errormessage date x-csa-complaints message-id x-mailjet-campaign \
    x-mj-statisticscontactslistid reply-to";

pub(super) fn refusal(rule: &str) -> Reply {
    let (code, said) = coded(rule, "mj-0004");
    let error = json!({"ErrorIdentifier": "1", "ErrorCode": code, "StatusCode": 400, "ErrorMessage": said,
        "ErrorRelatedTo": []});
    let body = json!({"Messages": [{"Status": "error", "Errors": [error]}]});
    Reply::new(400, &body.to_string()).with("content-type", "application/json")
}

pub(super) fn check(request: &Request) -> Verdict {
    let mail = json(request)?;
    MAIL.check(&mail, "mail")?;
    mail["Messages"].as_array().into_iter().flatten().try_for_each(message)
}

fn message(message: &Value) -> Verdict {
    let recipients: usize = ["To", "Cc", "Bcc"].iter().map(|list| each(&message[list], "/Email").count()).sum();
    demand(recipients <= 50, "[send-0015] the total number of recipients is over the limit")?;
    let filled = |part: &str| message[part].as_str().is_some_and(|text| !text.is_empty());
    demand(filled("TextPart") || filled("HTMLPart"), "[send-0003] none of HTMLPart and TextPart is provided")?;
    let tracks = |switch: &str| !message[switch].is_null();
    let html = filled("HTMLPart");
    demand(html || !tracks("TrackOpens"), "[mj-0005] TrackOpens can only be used with a HTML part")?;
    demand(html || !tracks("TrackClicks"), "[mj-0005] TrackClicks can only be specified with a HTML part")?;
    let subject = message["Subject"].as_str().unwrap_or_default().chars().count();
    demand(subject <= 255, "[mj-0006] Subject: the maximum length is 255 chars")?;
    let forbidden = |name: &str| FORBIDDEN.split_ascii_whitespace().any(|known| name.eq_ignore_ascii_case(known));
    demand(!pairs(&message["Headers"]).any(|(name, _)| forbidden(name)), "[send-0011] a header is forbidden")?;
    demand(pairs(&message["Headers"]).count() <= 50, "[mj-0008] Headers has more than the maximum of elements")?;
    let files = || ["Attachments", "InlinedAttachments"].iter().flat_map(|list| each(&message[list], "/Base64Content"));
    demand(!files().any(str::is_empty), "[mj-0012] Base64Content: an empty string value is provided")?;
    let size: usize = files().map(|file| file.len() / 4 * 3).sum();
    demand(size <= 15_000_000, "[mj-0011] the size of all attachments may not exceed 15 MB")
}

fn json(request: &Request) -> Result<Value, String> {
    super::checks::json(request).map_err(|e| format!("[mj-0002] {e}"))
}
