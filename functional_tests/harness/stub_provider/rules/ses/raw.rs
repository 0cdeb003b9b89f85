//! A mail as a file, which SES takes as it is but for its rules on lines and headers.

use base64::prelude::{BASE64_STANDARD, Engine};
use mail_parser::{MessageParser, MimeHeaders};

use super::forbidden::FORBIDDEN;
use crate::harness::stub_provider::rules::checks::{Verdict, demand, ends_in, is_unique};

/// "The following fields can't appear more than once": those that we write or take.
const ONCE: &str = "content-type date dkim-signature from in-reply-to list-id list-unsubscribe list-unsubscribe-post \
    message-id mime-version references reply-to return-path sender subject to cc";

pub(super) fn check(data: &str) -> Verdict {
    let bytes = BASE64_STANDARD.decode(data).map_err(|e| format!("Raw.Data: {e}"))?;
    let lines = || bytes.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    demand(lines().all(|line| line.len() <= 998), "a line has more than 1,000 characters with its end")?;
    demand(bytes.is_ascii(), "what is beyond 7-bit ASCII is encoded")?;
    let message = MessageParser::default().parse(&bytes).ok_or("the raw message cannot be read")?;
    demand(message.from().is_some(), "all of the required header fields must be present")?;
    demand(message.bcc().is_none(), "a Bcc header would show everybody who is hidden")?;
    let once = |name: &String| ONCE.split_ascii_whitespace().any(|known| known == name);
    let names = message.headers().iter().map(|header| header.name().to_ascii_lowercase());
    demand(is_unique(names.filter(once)), "a header appears more than once")?;
    let mut files = message.attachments().filter_map(|file| file.attachment_name());
    demand(!files.any(|name| ends_in(name, FORBIDDEN)), "the type of an attachment is not supported")
}
