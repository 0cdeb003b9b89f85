//! SendGrid: Twilio's OpenAPI document `tsg_mail_v3`, and its page "Mail Send errors".

use serde_json::Value;

use super::checks::{Verdict, demand, each, is_unique, json, pairs};
use super::mailboxes::is_address;
use super::shape::Shape::{Flag, List, Map, Object, Text};
use super::shape::{BASE64, FILLED, Shape, TEXT, may, needed};
use crate::harness::{Reply, Request};

const PARTY: Shape = Object(&[needed("email", Text(1, 320, is_address)), may("name", TEXT)]);
const PARTIES: Shape = List(1, 1000, &PARTY);
const PERSONALIZATION: Shape =
    Object(&[needed("to", PARTIES), may("cc", PARTIES), may("bcc", PARTIES), may("custom_args", Map(&TEXT))]);
const CONTENT: Shape = Object(&[needed("type", Text(1, usize::MAX, is_type)), needed("value", FILLED)]);
const FILE: Shape = Object(&[
    needed("content", BASE64),
    needed("filename", Text(1, usize::MAX, is_line)),
    may("type", Text(1, usize::MAX, is_type)),
    may("disposition", Text(1, 10, |text| ["inline", "attachment"].contains(&text))),
    may("content_id", Text(1, usize::MAX, is_line)),
]);
const SWITCH: Shape = Object(&[needed("enable", Flag)]);
const MAIL: Shape = Object(&[
    needed("personalizations", List(1, 1000, &PERSONALIZATION)),
    needed("from", PARTY),
    may("reply_to", PARTY),
    may("reply_to_list", PARTIES),
    needed("subject", FILLED),
    needed("content", List(1, usize::MAX, &CONTENT)),
    may("attachments", List(0, usize::MAX, &FILE)),
    may("headers", Map(&TEXT)),
    may("categories", List(0, 10, &Text(1, 255, str::is_ascii))),
    may("mail_settings", Object(&[may("sandbox_mode", SWITCH)])),
    may(
        "tracking_settings",
        Object(&[
            may("click_tracking", Object(&[may("enable", Flag), may("enable_text", Flag)])),
            may("open_tracking", SWITCH),
            may("subscription_tracking", SWITCH),
            may("ganalytics", SWITCH),
        ]),
    ),
]);
/// "You may not include any of the following reserved headers."
const RESERVED: [&str; 12] = [
    "x-sg-id",
    "x-sg-eid",
    "received",
    "dkim-signature",
    "content-type",
    "content-transfer-encoding",
    "to",
    "from",
    "subject",
    "reply-to",
    "cc",
    "bcc",
];

pub(super) fn refusal(rule: &str) -> Reply {
    Reply::sendgrid_refuses(400, rule)
}

pub(super) fn check(request: &Request) -> Verdict {
    let mail = json(request)?;
    MAIL.check(&mail, "mail")?;
    demand(request.body().len() <= 30_000_000, "the total size is limited to 30 MB")?;
    let envelopes = mail["personalizations"].as_array().into_iter().flatten();
    let recipients: usize = envelopes.clone().map(|envelope| addresses(envelope).len()).sum();
    demand(recipients <= 1000, "there is a limit of 1000 total recipients (to + cc + bcc)")?;
    for envelope in envelopes {
        demand(is_unique(addresses(envelope)), "each unique email address should only be included once")?;
        let arguments = &envelope["custom_args"];
        demand(arguments.is_null() || pairs(arguments).count() > 0, "custom_args cannot be empty")?;
        let size = arguments.to_string().len();
        demand(size <= 10_000, "the combined size of custom arguments may not exceed 10,000 bytes")?;
    }
    let unique = mail["reply_to_list"].as_array().is_none_or(|list| is_unique(list.iter().map(Value::to_string)));
    demand(unique, "reply_to_list has unique items")?;
    demand(mail["reply_to"].is_null() || mail["reply_to_list"].is_null(), "reply_to or reply_to_list, not both")?;
    let categories = each(&mail["categories"], "").map(str::to_owned);
    demand(is_unique(categories), "the categories must be a unique list")?;
    let plain = |name: &str| name.is_ascii() && !name.contains(' ') && !name.is_empty();
    demand(pairs(&mail["headers"]).all(|(name, _)| plain(name)), "header keys are ASCII without spaces")?;
    let reserved = |name: &str| RESERVED.contains(&name.to_ascii_lowercase().as_str());
    demand(!pairs(&mail["headers"]).any(|(name, _)| reserved(name)), "a header is one of the reserved keys")?;
    let ranks: Vec<_> = each(&mail["content"], "/type").map(rank).collect();
    demand(ranks.is_sorted(), "text/plain needs to be first, followed by text/html, followed by any other content")?;
    demand(!each(&mail["attachments"], "/content").any(str::is_empty), "an attachment has at least one character")
}

fn addresses(envelope: &Value) -> Vec<String> {
    let lists = ["to", "cc", "bcc"].into_iter().flat_map(|list| each(&envelope[list], "/email"));
    lists.map(str::to_ascii_lowercase).collect()
}

fn rank(kind: &str) -> usize {
    ["text/plain", "text/html"].iter().position(|known| *known == kind).unwrap_or(2)
}

/// "You may not include the characters `;`, `,`, `\n`, or `\r`."
fn is_line(text: &str) -> bool {
    !text.contains([';', ',', '\n', '\r'])
}

/// The one parameter that it takes is the method of an invitation (sendgrid-ruby#298, django-sendgrid-v5#86).
fn is_type(text: &str) -> bool {
    let invitation = text.strip_prefix("text/calendar; method=");
    is_line(text) || invitation.is_some_and(|method| method.chars().all(|c| c.is_ascii_alphabetic() || c == '-'))
}
