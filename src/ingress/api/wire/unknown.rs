//! What a caller who wrote an unknown field may have meant: a name that other mail APIs use, or one that is near to ours.

use super::field::Field;
use crate::runtime::suggestion::nearest;

/// Our fields, and what others call them, without case, `-` and `_`.
const OTHERS: [(&str, &[&str]); 18] = [
    ("from", &["sender", "author", "fromemail", "frommail", "fromname", "mailfrom"]),
    ("to", &["recipient", "recipients", "rcpt", "toemail", "tomail", "toname", "destination"]),
    ("cc", &["ccaddress", "ccaddresses", "ccrecipients"]),
    ("bcc", &["bccaddress", "bccaddresses", "bccrecipients"]),
    ("reply_to", &["replytoaddress", "replytoaddresses", "replytoemail", "replytolist"]),
    ("subject", &["title"]),
    ("text", &["body", "content", "message", "plain", "plaintext", "bodytext", "bodyplain", "textbody", "textcontent"]),
    ("html", &["body", "content", "message", "bodyhtml", "htmlbody", "htmlcontent", "htmltext"]),
    ("attachments", &["attach", "file", "files", "inlines", "inlinedattachments"]),
    ("headers", &["messageid", "inreplyto", "references", "customheaders"]),
    ("tags", &["category", "categories"]),
    ("metadata", &["meta", "variables", "customargs", "customdata"]),
    ("filename", &["name"]),
    ("content_type", &["type", "mime", "mimetype", "mediatype"]),
    ("content", &["base64", "base64content", "body", "bytes", "contentbytes", "data"]),
    ("content_id", &["cid"]),
    ("email", &["addr", "address", "emailaddress"]),
    ("name", &["displayname", "fullname", "realname"]),
];

/// A longer name is not one of ours with a slip.
const MAX_LEN: usize = 32;

/// What to add to the refusal of `name` beside these fields; nothing where it is near to none of them.
pub(super) fn hint(name: &str, fields: &[&Field]) -> String {
    let names: Vec<_> = meant(name, fields).iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { String::new() } else { format!(": did you mean {}?", names.join(" or ")) }
}

fn meant(name: &str, fields: &[&Field]) -> Vec<&'static str> {
    if name.len() > MAX_LEN {
        return Vec::new();
    }
    let folded = name.to_ascii_lowercase().replace(['-', '_', ' '], "");
    let of_others = fields.iter().map(|field| field.name).filter(|name| others_call_it(name, &folded));
    let of_others: Vec<_> = of_others.collect();
    if !of_others.is_empty() {
        return of_others;
    }
    let ours = fields.iter().flat_map(|field| [Some(field.name), field.alias]).flatten();
    nearest(name, ours).into_iter().collect()
}

fn others_call_it(name: &str, folded: &str) -> bool {
    OTHERS.iter().any(|(ours, others)| *ours == name && others.contains(&folded))
}
