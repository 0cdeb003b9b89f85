//! Mandrill: Mailchimp's document of the "Transactional API", and its help on metadata and tags.

use serde_json::json;

use super::checks::{Verdict, demand, each, json as read, pairs};
use super::mailboxes::is_address;
use super::shape::Shape::{Flag, List, Map, Object, Text};
use super::shape::{BASE64, FILLED, Shape, TEXT, may, needed};
use crate::harness::{Reply, Request};

const EMAIL: Shape = Text(1, usize::MAX, is_address);
const RECIPIENT: Shape = Object(&[
    needed("email", EMAIL),
    may("name", TEXT),
    may("type", Text(2, 3, |text| ["to", "cc", "bcc"].contains(&text))),
]);
const FILE: Shape = Object(&[needed("type", FILLED), needed("name", FILLED), needed("content", BASE64)]);
const IMAGE: Shape = Object(&[
    needed("type", Text(7, usize::MAX, |kind| kind.starts_with("image/"))),
    needed("name", FILLED),
    needed("content", BASE64),
]);
const MESSAGE: Shape = Object(&[
    needed("from_email", EMAIL),
    may("from_name", TEXT),
    needed("to", List(1, usize::MAX, &RECIPIENT)),
    needed("subject", TEXT),
    may("text", TEXT),
    may("html", TEXT),
    may("headers", Map(&TEXT)),
    may("attachments", List(0, usize::MAX, &FILE)),
    may("images", List(0, usize::MAX, &IMAGE)),
    may("tags", List(0, usize::MAX, &Text(1, 50, |tag| !tag.starts_with('_')))),
    may("metadata", Map(&TEXT)),
    may("preserve_recipients", Flag),
    may("merge", Flag),
    may("track_opens", Flag),
    may("track_clicks", Flag),
    may("return_path_domain", FILLED),
]);
const MAIL: Shape = Object(&[needed("key", FILLED), may("async", Flag), needed("message", MESSAGE)]);
/// "Each message's metadata is limited to 200 bytes of JSON-encoded data."
const METADATA: usize = 200;

pub(super) fn refusal(rule: &str) -> Reply {
    let body = json!({"status": "error", "code": -2, "name": "ValidationError", "message": rule});
    Reply::new(500, &body.to_string()).with("content-type", "application/json")
}

pub(super) fn check(request: &Request) -> Verdict {
    let mail = read(request)?;
    MAIL.check(&mail, "mail")?;
    let message = &mail["message"];
    demand(each(&message["to"], "/type").any(|kind| kind == "to"), "nobody stands in To")?;
    demand(message["metadata"].to_string().len() <= METADATA, "metadata is limited to 200 bytes")?;
    let plain =
        |name: &str| !name.starts_with('_') && name.chars().all(|c| c.is_ascii_alphanumeric() || " _-".contains(c));
    demand(
        pairs(&message["metadata"]).all(|(name, _)| plain(name)),
        "a name of metadata is not of letters and digits",
    )?;
    let filled = |body: &str| message[body].as_str().is_some_and(|text| !text.is_empty());
    demand(filled("text") || filled("html"), "neither text nor html")?;
    demand(request.body().len() <= 25_000_000, "the total size is limited to 25 MB")
}
