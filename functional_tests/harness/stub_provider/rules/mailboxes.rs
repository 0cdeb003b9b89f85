//! Addresses, and lists of them in one text, read by a parser that is not ours.

use mail_parser::{Address, MessageParser};

/// The addresses of all mailboxes of a header's value; `None` if it holds anything that is none.
pub(super) fn all(text: &str) -> Option<Vec<String>> {
    let header = format!("To: {text}\r\n\r\n");
    let message = MessageParser::default().parse(header.as_bytes())?;
    let Address::List(list) = message.to()? else { return None };
    list.iter().map(|mailbox| mailbox.address().map(str::to_owned)).collect()
}

/// `Name <a@b.org>` or `a@b.org`, once.
pub(super) fn is_one(text: &str) -> bool {
    all(text).is_some_and(|list| list.len() == 1 && is_address(&list[0]))
}

/// Separated by commas, at least one.
pub(super) fn are_some(text: &str) -> bool {
    all(text).is_some_and(|list| !list.is_empty() && list.iter().all(|address| is_address(address)))
}

/// Separated by commas, perhaps with letters of any script before the @.
pub(super) fn are_some_utf8(text: &str) -> bool {
    all(text).is_some_and(|list| !list.is_empty() && list.iter().all(|address| is_utf8_address(address)))
}

/// Is it an address of the public mail system, in ASCII before the @?
pub(super) fn is_address(text: &str) -> bool {
    text.is_ascii() && is_utf8_address(text)
}

/// Is it an address, perhaps with letters of any script (RFC 6531)? Its domain has a dot; the longest is of 320.
pub(super) fn is_utf8_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let labels: Vec<_> = domain.split('.').collect();
    let sound = |label: &&str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let plain = !local.is_empty() && !local.contains([' ', '@', '<', '>', ',', ';', '"']);
    plain && labels.len() > 1 && labels.iter().all(sound) && text.chars().count() <= 320
}
