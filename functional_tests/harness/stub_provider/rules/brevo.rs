//! Brevo: its SDK's words on `POST /v3/smtp/email`, and the errors that its users report.

use serde_json::{Value, json};

use super::checks::{Verdict, coded, demand, each, ends_in, json as read, pairs};
use super::mailboxes::is_address;
use super::shape::Shape::{List, Map, Object, Text};
use super::shape::{BASE64, FILLED, Shape, TEXT, may, needed};
use crate::harness::{Reply, Request};

/// "You can have max 70 character in to name" (APIv3-go-library#29), and the SDK.
const PARTY: Shape =
    Object(&[needed("email", Text(1, usize::MAX, is_sound_address)), may("name", Text(1, 70, |_| true))]);
const PARTIES: Shape = List(1, 99, &PARTY);
const FILE: Shape = Object(&[needed("name", FILLED), needed("content", BASE64)]);
const MAIL: Shape = Object(&[
    needed("sender", PARTY),
    needed("to", PARTIES),
    may("cc", PARTIES),
    may("bcc", PARTIES),
    may("replyTo", PARTY),
    needed("subject", FILLED),
    needed("htmlContent", FILLED),
    may("textContent", TEXT),
    may("tags", List(1, usize::MAX, &FILLED)),
    may("headers", Map(&Text(0, usize::MAX, str::is_ascii))),
    may("attachment", List(1, usize::MAX, &FILE)),
]);
/// "Standard email headers are not supported": those that it writes itself.
const OWN: &str = "from to cc bcc sender reply-to subject date message-id mime-version content-type \
    content-transfer-encoding return-path received dkim-signature";
/// "Supported file extensions", and those of its help page.
const ENDINGS: &str = "xlsx xls ods docx docm doc csv pdf txt gif jpg jpeg png tif tiff rtf bmp cgm css shtml html htm \
    zip xml ppt pptx tar ez ics mobi msg pub eps odt mp3 m4a m4v wma ogg flac wav aif aifc aiff mp4 mov avi mkv mpeg \
    mpg wmv pkpass xlsm ico eml";

pub(super) fn refusal(rule: &str) -> Reply {
    let (code, said) = coded(rule, "invalid_parameter");
    let body = json!({"code": code, "message": said});
    Reply::new(400, &body.to_string()).with("content-type", "application/json")
}

pub(super) fn check(request: &Request) -> Verdict {
    let mail = read(request)?;
    MAIL.check(&mail, "mail")?;
    let recipients: usize = ["to", "cc", "bcc"].iter().map(|list| each(&mail[list], "/email").count()).sum();
    demand(recipients <= 99, "more than 99 recipients")?;
    let own = |name: &str| OWN.split_ascii_whitespace().any(|known| name.eq_ignore_ascii_case(known));
    demand(!pairs(&mail["headers"]).any(|(name, _)| own(name)), "standard email headers are not supported")?;
    let length = head(&mail);
    // APIv3-nodejs-library#122, APIv3-php-library#237.
    let said = format!("Unexpected long headers length, got: {length} want: less than 4096 chars");
    demand(length < 4096, &said)?;
    let supported = |name: &str| ends_in(name, ENDINGS);
    demand(each(&mail["attachment"], "/name").all(supported), "Unsupported file format")?;
    demand(request.body().len() <= 20_000_000, "the size limit is 20 MB")
}

/// The headers that it would write, in characters.
fn head(mail: &Value) -> usize {
    let lists = ["to", "cc"].into_iter().flat_map(|list| mail[list].as_array().into_iter().flatten());
    let parties = lists.chain([&mail["sender"], &mail["replyTo"]]);
    let texts = parties.flat_map(|party| [party["email"].as_str(), party["name"].as_str()]).flatten();
    let headers = pairs(&mail["headers"]).flat_map(|(name, value)| [name, value]);
    texts.chain(headers).chain(mail["subject"].as_str()).map(|text| text.chars().count() + 2).sum()
}

fn is_sound_address(text: &str) -> bool {
    is_address(text) && text.rsplit_once('@').is_some_and(|(local, _)| local.len() <= 64)
}
