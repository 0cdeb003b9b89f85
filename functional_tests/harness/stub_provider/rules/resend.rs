//! Resend: its OpenAPI document, and its page on attachments that it does not take.

use serde_json::{Value, json};

use super::checks::{Verdict, demand, each, ends_in, is_unique, json as read, pairs};
use super::mailboxes::is_one;
use super::shape::Shape::{List, Map, Object, Text};
use super::shape::{BASE64, FILLED, Shape, TEXT, may, needed};
use crate::harness::{Reply, Request};

const ADDRESS: Shape = Text(1, usize::MAX, is_one);
const ADDRESSES: Shape = List(1, 50, &ADDRESS);
const WORD: Shape = Text(1, 256, |text| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
const FILE: Shape = Object(&[
    needed("content", BASE64),
    needed("filename", FILLED),
    may("content_type", FILLED),
    may("content_id", FILLED),
]);
const MAIL: Shape = Object(&[
    needed("from", ADDRESS),
    needed("to", ADDRESSES),
    may("cc", ADDRESSES),
    may("bcc", ADDRESSES),
    may("reply_to", ADDRESSES),
    needed("subject", FILLED),
    may("text", FILLED),
    may("html", FILLED),
    may("headers", Map(&TEXT)),
    may("attachments", List(0, usize::MAX, &FILE)),
    may("tags", List(0, usize::MAX, &Object(&[needed("name", WORD), needed("value", WORD)]))),
]);
/// "You can send any file attachment types except for those in the following list."
const FORBIDDEN: &str = "adp app asp bas bat cer chm cmd com cpl crt csh der exe fxp gadget hlp hta inf ins isp its js \
    jse ksh lib lnk mad maf mag mam maq mar mas mat mau mav maw mda mdb mde mdt mdw mdz msc msh msh1 msh2 mshxml \
    msh1xml msh2xml msi msp mst ops pcd pif plg prf prg reg scf scr sct shb shs sys ps1 ps1xml ps2 ps2xml psc1 psc2 \
    tmp url vb vbe vbs vps vsmacros vss vst vsw vxd ws wsc wsf wsh xnk";
/// What IANA registers for an ending, for those that everybody knows.
const TYPES: &str = "txt:text/plain html:text/html csv:text/csv ics:text/calendar pdf:application/pdf png:image/png \
    jpg:image/jpeg gif:image/gif json:application/json zip:application/zip";

pub(super) fn refusal(rule: &str) -> Reply {
    Reply::resend_refuses(422, "validation_error", rule)
}

pub(super) fn check(request: &Request) -> Verdict {
    let mail = read(request)?;
    MAIL.check(&mail, "mail")?;
    let recipients: usize = ["to", "cc", "bcc"].iter().map(|list| each(&mail[list], "").count()).sum();
    demand(recipients <= 50, "more than 50 recipients")?;
    demand(mail["text"].is_string() || mail["html"].is_string(), "missing `html` or `text` field")?;
    let names = each(&mail["tags"], "/name").map(str::to_owned);
    demand(is_unique(names), "the name of a tag occurs twice")?;
    let replaced = |name: &str| name.eq_ignore_ascii_case("message-id");
    demand(!pairs(&mail["headers"]).any(|(name, _)| replaced(name)), "Message-ID is replaced")?;
    let forbidden = |name: &str| ends_in(name, FORBIDDEN);
    demand(!each(&mail["attachments"], "/filename").any(forbidden), "the type of an attachment is not supported")?;
    let fit = mail["attachments"].as_array().is_none_or(|files| files.iter().all(fits));
    demand(fit, "a mail with a file whose name does not fit its type vanishes")?;
    demand(request.body().len() <= 40_000_000, "the maximum size is 40 MB")?;
    let key = request.header("idempotency-key");
    let sound = key.is_none_or(|key| (1..=256).contains(&key.len()));
    demand(sound, &json!({"Idempotency-Key": "1 to 256 characters"}).to_string())
}

/// Does the ending of a file's name fit its type? An ending that nobody knows says nothing.
fn fits(file: &Value) -> bool {
    let (Some(name), Some(kind)) = (file["filename"].as_str(), file["content_type"].as_str()) else { return true };
    let bare = kind.split(';').next().unwrap_or_default();
    let known = TYPES.split_ascii_whitespace().filter_map(|row| row.split_once(':'));
    known.into_iter().all(|(ending, known)| !ends_in(name, ending) || bare == known)
}
