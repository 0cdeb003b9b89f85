//! Postmark: its "Email API", and its help on character limits, metadata, sizes and forbidden file types.

use serde_json::{Value, json};

use super::checks::{Verdict, coded, demand, each, ends_in, is_unique, json as read, pairs};
use super::mailboxes::{self, are_some, is_one};
use super::shape::Shape::{Flag, List, Map, Object, Text};
use super::shape::{BASE64, FILLED, Shape, TEXT, may, needed};
use crate::harness::{Reply, Request};

const ADDRESSES: Shape = Text(1, usize::MAX, are_some);
const FILE: Shape = Object(&[
    needed("Name", FILLED),
    needed("Content", BASE64),
    needed("ContentType", FILLED),
    may("ContentID", Text(5, usize::MAX, |text| text.starts_with("cid:"))),
]);
const MAIL: Shape = Object(&[
    needed("From", Text(1, usize::MAX, is_one)),
    needed("To", ADDRESSES),
    may("Cc", ADDRESSES),
    may("Bcc", ADDRESSES),
    may("ReplyTo", ADDRESSES),
    may("Subject", TEXT),
    may("Tag", Text(1, 1000, |_| true)),
    may("HtmlBody", FILLED),
    may("TextBody", FILLED),
    may("Metadata", Map(&Text(0, 80, |_| true))),
    may("Headers", List(0, usize::MAX, &Object(&[needed("Name", FILLED), needed("Value", TEXT)]))),
    may("Attachments", List(0, usize::MAX, &FILE)),
    may("TrackOpens", Flag),
    may("TrackLinks", Text(1, 11, |text| ["None", "HtmlAndText", "HtmlOnly", "TextOnly"].contains(&text))),
    may("MessageStream", FILLED),
]);
/// Those that have a field of their own, or that it writes itself ("Header 'Content-Type' not allowed").
const OWN: &str = "from to cc bcc reply-to subject date mime-version content-type content-transfer-encoding \
    content-disposition received return-path dkim-signature";
/// Its "Forbidden file types".
const FORBIDDEN: &str = "vbs exe bin bat chm com cpl crt hlp hta inf ins isp jse lnk mdb pcd pif reg scr sct shs vbe \
    vba wsf wsh wsl msc msi msp mst";
const BODY: usize = 5 * 1024 * 1024;
const WHOLE: usize = 10 * 1024 * 1024;

pub(super) fn refusal(rule: &str) -> Reply {
    let (code, said) = coded(rule, "300");
    let body = json!({"ErrorCode": code.parse::<u16>().unwrap_or(300), "Message": said});
    Reply::new(422, &body.to_string()).with("content-type", "application/json")
}

pub(super) fn check(request: &Request) -> Verdict {
    let mail = read(request)?;
    MAIL.check(&mail, "mail")?;
    let text = |field: &str| mail[field].as_str().unwrap_or_default();
    let units = |field: &str| text(field).encode_utf16().count();
    demand(units("From") <= 255, "the From address has more than 255 UTF-16 units")?;
    demand(units("Subject") <= 2000, "the subject has more than 2000 UTF-16 units")?;
    let recipients = ["To", "Cc", "Bcc"].map(text).into_iter().filter(|list| !list.is_empty());
    let count: usize = recipients.filter_map(mailboxes::all).map(|list| list.len()).sum();
    demand(count <= 50, "more than 50 recipients")?;
    demand(!text("TextBody").is_empty() || !text("HtmlBody").is_empty(), "provide either HtmlBody or TextBody")?;
    demand(text("TextBody").len() <= BODY && text("HtmlBody").len() <= BODY, "a body is larger than 5 MB")?;
    demand(request.body().len() <= WHOLE, "the message is larger than 10 MB")?;
    metadata(&mail["Metadata"])?;
    let own = |name: &str| OWN.split_ascii_whitespace().any(|known| name.eq_ignore_ascii_case(known));
    demand(!each(&mail["Headers"], "/Name").any(own), "a header is not allowed")?;
    let names: Vec<_> = each(&mail["Headers"], "/Name").map(str::to_ascii_lowercase).collect();
    let has = |name: &str| names.iter().any(|known| known == name);
    demand(!has("message-id") || has("x-pm-keepid"), "Message-ID is replaced without X-PM-KeepID")?;
    let forbidden = |name: &str| ends_in(name, FORBIDDEN);
    demand(!each(&mail["Attachments"], "/Name").any(forbidden), "[411] the type of a file is forbidden")
}

/// "Field names are limited to 20 characters and field values are limited to 80 characters in length."
fn metadata(metadata: &Value) -> Verdict {
    demand(pairs(metadata).count() <= 10, "metadata has more than 10 fields")?;
    let sound = |name: &str| (1..=20).contains(&name.chars().count());
    demand(pairs(metadata).all(|(name, _)| sound(name)), "a name of metadata has more than 20 characters")?;
    let names = pairs(metadata).map(|(name, _)| name.to_lowercase());
    demand(is_unique(names), "a name of metadata occurs twice, whatever its case")
}
