//! Amazon SES: botocore's model of the service `sesv2`, and the developer guide on header fields and attachment types.

mod forbidden;
mod raw;

use serde_json::{Value, json};

use super::checks::{Verdict, demand, each, ends_in, is_unique, json as read};
use super::mailboxes::is_one;
use super::shape::Shape::{List, Object, Text};
use super::shape::{BASE64, FILLED, Shape, TEXT, may, needed};
use crate::harness::{Reply, Request};
use forbidden::FORBIDDEN;

const ADDRESS: Shape = Text(1, usize::MAX, is_one);
const ADDRESSES: Shape = List(0, 50, &ADDRESS);
const DATA: Shape = Object(&[needed("Data", TEXT), may("Charset", FILLED)]);
const WORD: Shape = Text(1, 256, |text| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
const HEADER: Shape = Object(&[
    needed("Name", Text(1, 126, |name| name.bytes().all(|b| b.is_ascii_graphic() && b != b':'))),
    needed("Value", Text(1, 995, |value| value.bytes().all(|b| (b' '..=b'~').contains(&b)))),
]);
const FILE: Shape = Object(&[
    needed("RawContent", BASE64),
    needed("FileName", Text(0, 255, |_| true)),
    may("ContentType", Text(1, 78, |_| true)),
    may("ContentId", Text(1, 78, |_| true)),
    may("ContentDisposition", Text(6, 10, |text| ["ATTACHMENT", "INLINE"].contains(&text))),
    may("ContentTransferEncoding", Text(6, 16, |text| ["BASE64", "QUOTED_PRINTABLE", "SEVEN_BIT"].contains(&text))),
]);
const SIMPLE: Shape = Object(&[
    needed("Subject", DATA),
    needed("Body", Object(&[may("Text", DATA), may("Html", DATA)])),
    may("Headers", List(0, 15, &HEADER)),
    may("Attachments", List(0, usize::MAX, &FILE)),
]);
const CONTENT: Shape = Object(&[may("Simple", SIMPLE), may("Raw", Object(&[needed("Data", BASE64)]))]);
const MAIL: Shape = Object(&[
    may("FromEmailAddress", ADDRESS),
    needed(
        "Destination",
        Object(&[may("ToAddresses", ADDRESSES), may("CcAddresses", ADDRESSES), may("BccAddresses", ADDRESSES)]),
    ),
    may("ReplyToAddresses", ADDRESSES),
    may("FeedbackForwardingEmailAddress", ADDRESS),
    needed("Content", CONTENT),
    may("EmailTags", List(0, usize::MAX, &Object(&[needed("Name", WORD), needed("Value", WORD)]))),
]);
/// "The following headers are disallowed as custom headers."
const OWN: &str = "bcc cc content-disposition content-type date from message-id mime-version reply-to return-path \
    subject to";
pub(super) fn refusal(rule: &str) -> Reply {
    let reply = Reply::new(400, &json!({"message": rule}).to_string()).with("content-type", "application/json");
    reply.with("x-amzn-errortype", "BadRequestException")
}

pub(super) fn check(request: &Request) -> Verdict {
    let mail = read(request)?;
    MAIL.check(&mail, "mail")?;
    let destination = &mail["Destination"];
    let lists = ["ToAddresses", "CcAddresses", "BccAddresses"];
    let recipients: usize = lists.iter().map(|list| each(&destination[list], "").count()).sum();
    demand((1..=50).contains(&recipients), "1 to 50 recipients")?;
    let names = each(&mail["EmailTags"], "/Name").map(str::to_owned);
    demand(is_unique(names), "the name of a tag occurs twice")?;
    demand(request.body().len() <= 40_000_000 / 3 * 4, "40 MB per message (after base64 encoding)")?;
    match (&mail["Content"]["Simple"], &mail["Content"]["Raw"]["Data"]) {
        (Value::Null, Value::String(data)) => raw::check(data),
        (simple @ Value::Object(_), Value::Null) => {
            demand(!mail["FromEmailAddress"].is_null(), "FromEmailAddress is required")?;
            check_parts(simple)
        }
        _ => Err("either Simple or Raw content".to_owned()),
    }
}

fn check_parts(simple: &Value) -> Verdict {
    demand(simple["Body"]["Text"].is_object() || simple["Body"]["Html"].is_object(), "the body is empty")?;
    let headers = || simple["Headers"].as_array().into_iter().flatten();
    let length =
        |header: &Value| header["Name"].as_str().map_or(0, str::len) + header["Value"].as_str().map_or(0, str::len);
    demand(headers().all(|header| length(header) <= 996), "name and value of a header exceed 996 characters")?;
    let own = |name: &str| OWN.split_ascii_whitespace().any(|known| name.eq_ignore_ascii_case(known));
    demand(!each(&simple["Headers"], "/Name").any(own), "a header is disallowed as a custom header")?;
    let forbidden = |name: &str| ends_in(name, FORBIDDEN);
    demand(!each(&simple["Attachments"], "/FileName").any(forbidden), "the type of an attachment is not supported")
}
