//! Mailgun: its OpenAPI document, and its pages "Sending messages" and "Tags".

use super::checks::{Verdict, demand, is_unique};
use super::form::{self, Part};
use super::mailboxes::{self, are_some, is_one};
use crate::harness::{Reply, Request};

const FIELDS: [&str; 8] = ["from", "to", "cc", "bcc", "subject", "text", "html", "attachment"];
const SWITCHES: [&str; 5] = ["yes", "no", "true", "false", "htmlonly"];
/// Its tags: three a mail, of 128 characters.
const TAGS: (usize, usize) = (3, 128);

pub(super) fn refusal(rule: &str) -> Reply {
    Reply::mailgun_refuses(400, rule)
}

pub(super) fn check(request: &Request) -> Verdict {
    let parts = form::parts(request).ok_or("the body is no multipart form")?;
    let values = |name: &str| parts.iter().filter(|part| part.name == name).map(Part::text).collect::<Vec<_>>();
    for needed in ["from", "to", "subject"] {
        demand(!values(needed).is_empty(), &format!("'{needed}' parameter is missing"))?;
    }
    demand(values("from").iter().all(|text| is_one(text)), "'from' parameter is not a valid address")?;
    let recipients = ["to", "cc", "bcc"].map(values).concat();
    demand(recipients.iter().all(|text| are_some(text)), "'to' parameter is not a valid address")?;
    let count: usize = recipients.iter().filter_map(|text| mailboxes::all(text)).map(|list| list.len()).sum();
    demand(count <= 1000, "too many recipients: 1000 at most")?;
    let bodies = ["text", "html"].map(values).concat();
    demand(bodies.iter().any(|body| !body.is_empty()), "need at least one of 'text', 'html' parameters specified")?;
    demand(request.body().len() <= 25_000_000, "the maximum message size is 25 MB")?;
    let unknown = parts.iter().find(|part| !is_field(part)).map(|part| &part.name);
    demand(unknown.is_none(), &format!("'{unknown:?}' is not a parameter"))?;
    options(&parts)?;
    let named = |part: &Part| part.filename.as_ref().is_some_and(|name| !name.is_empty());
    let files = parts.iter().filter(|part| ["attachment", "inline"].contains(&part.name.as_str()));
    demand(files.into_iter().all(named), "an attachment without a file name is dropped")
}

fn is_field(part: &Part) -> bool {
    let option = ["o:tag", "o:testmode", "o:tracking"].contains(&part.name.as_str());
    let free = part.name.strip_prefix("h:").or(part.name.strip_prefix("v:")).is_some_and(|name| !name.is_empty());
    option || free || part.name == "inline" || FIELDS.contains(&part.name.as_str())
}

/// Send options are limited to 16 kB in total.
fn options(parts: &[Part]) -> Verdict {
    let options = || parts.iter().filter(|part| ["o:", "h:", "v:", "t:"].iter().any(|o| part.name.starts_with(o)));
    let size: usize = options().map(|part| part.name.len() + part.value.len()).sum();
    demand(size <= 16_384, "send options (parameters starting with o:, h:, or v:) are limited to 16KB total")?;
    let tags: Vec<_> = options().filter(|part| part.name == "o:tag").map(Part::text).collect();
    demand(tags.len() <= TAGS.0, "a single message may be marked with up to 3 tags")?;
    let sound = |tag: &String| tag.is_ascii() && (1..=TAGS.1).contains(&tag.len());
    demand(tags.iter().all(sound), "tags should be ascii only, of 128 characters at most")?;
    demand(is_unique(tags.iter().map(|tag| tag.to_ascii_lowercase())), "tags are case insensitive")?;
    let is_switch = |part: &Part| SWITCHES.contains(&part.text().as_str());
    let switches = options().filter(|part| ["o:testmode", "o:tracking"].contains(&part.name.as_str()));
    demand(switches.into_iter().all(is_switch), "a switch is yes or no")
}
