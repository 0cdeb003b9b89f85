//! `SparkPost`: its API documents "Transmissions" and "Recipient lists".

use serde_json::json;

use super::checks::{Verdict, coded, demand, each, ends_in, is_unique, json as read, pairs};
use super::mailboxes::{are_some_utf8, is_utf8_address};
use super::shape::Shape::{Flag, List, Map, Object, Text};
use super::shape::{BASE64, FILLED, Shape, TEXT, may, needed};
use crate::harness::{Reply, Request};

const ADDRESS: Shape = Object(&[needed("email", EMAIL), may("name", TEXT), may("header_to", FILLED)]);
const EMAIL: Shape = Text(1, usize::MAX, is_utf8_address);
const FILE: Shape = Object(&[
    needed("name", Text(1, usize::MAX, |name| name.len() <= 255)),
    needed("type", FILLED),
    needed("data", BASE64),
]);
const FILES: Shape = List(0, usize::MAX, &FILE);
const CONTENT: Shape = Object(&[
    needed("from", Object(&[needed("email", EMAIL), may("name", TEXT)])),
    needed("subject", FILLED),
    may("text", TEXT),
    may("html", TEXT),
    may("reply_to", TEXT),
    may("headers", Map(&TEXT)),
    may("attachments", FILES),
    may("inline_images", FILES),
]);
const MAIL: Shape = Object(&[
    needed("recipients", List(1, usize::MAX, &Object(&[needed("address", ADDRESS)]))),
    needed("content", CONTENT),
    may("campaign_id", Text(1, 64, |text| text.len() <= 64)),
    may("metadata", Map(&TEXT)),
    may("return_path", EMAIL),
    may(
        "options",
        Object(&[
            may("transactional", Flag),
            may("perform_substitutions", Flag),
            may("open_tracking", Flag),
            may("click_tracking", Flag),
        ]),
    ),
]);
/// Its header notes; its own List-Unsubscribe takes the place of another one (django-anymail's notes).
const OWN: &str = "subject from to reply-to content-type content-transfer-encoding list-unsubscribe message-id";

pub(super) fn refusal(rule: &str) -> Reply {
    let (code, said) = coded(rule, "1300");
    let body = json!({"errors": [{"message": "Invalid data format/type", "description": said, "code": code}]});
    Reply::new(if code == "1300" { 400 } else { 422 }, &body.to_string()).with("content-type", "application/json")
}

pub(super) fn check(request: &Request) -> Verdict {
    let mail = read(request)?;
    MAIL.check(&mail, "mail")?;
    let content = &mail["content"];
    let text = |field: &str| content[field].as_str().unwrap_or_default();
    demand(!text("text").is_empty() || !text("html").is_empty(), "[1400] at a minimum, html or text is required")?;
    demand(text("reply_to").is_empty() || are_some_utf8(text("reply_to")), "reply_to is not an address")?;
    demand(mail["metadata"].to_string().len() <= 10_000, "metadata is longer than 10 KB")?;
    let own = |name: &str| OWN.split_ascii_whitespace().any(|known| name.eq_ignore_ascii_case(known));
    demand(!pairs(&content["headers"]).any(|(name, _)| own(name)), "a header is not allowed, or ignored")?;
    let evaluated = pairs(&content["headers"]).map(|(_, value)| value);
    let from = content["from"]["name"].as_str();
    let mut evaluated = evaluated.chain([text("subject"), text("reply_to")]).chain(from);
    demand(!evaluated.any(|text| text.contains("{{")), "[3000] the template language is evaluated in headers")?;
    let images = each(&content["inline_images"], "/name").map(str::to_owned);
    demand(is_unique(images), "the names of inline images are unique")?;
    demand(!each(&content["attachments"], "/name").any(|name| ends_in(name, "bat exe")), "bat and exe are prohibited")?;
    let files = ["attachments", "inline_images"].iter().flat_map(|list| each(&content[list], "/data"));
    let size = files.map(|file| file.len() / 4 * 3).sum::<usize>() + text("text").len() + text("html").len();
    demand(size <= 20_000_000, "the content is limited to 20 MB")
}
