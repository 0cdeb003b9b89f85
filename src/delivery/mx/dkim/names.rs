//! Names of folders and files with keys, which are names in the DNS.

use crate::model::message::address::host_name;

/// Is this a domain in lower-case A-labels?
pub(super) fn is_domain(text: &str) -> bool {
    host_name(text).is_ok_and(|name| name == text) && text.contains('.')
}

/// Labels of a name below `_domainkey`.
pub(super) fn is_selector(text: &str) -> bool {
    let is_label = |label: &str| {
        let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        (1..=63).contains(&label.len()) && label.bytes().all(is_plain)
    };
    text.len() <= 128 && text.split('.').all(is_label)
}
