//! Which headers no caller may write, because a provider reads them as its own switches.

use super::super::{KINDS, RESERVED_HEADERS};
use crate::model::message::Header;
use crate::model::message::header::BadHeader;

#[test]
fn every_providers_switches_are_reserved_in_any_case() {
    for name in [
        "X-Mailgun-Drop-Message",
        "X-SMTPAPI",
        "x-sg-eid",
        "X-MC-Track",
        "X-PM-KeepID",
        "X-Postmark-Server-Token",
        "X-MSYS-API",
        "Idempotency-Key",
        "IdempotencyKey",
        "X-Sib-Sandbox",
        "X-Mailin-custom",
        "X-MJ-CustomID",
        "X-Mailjet-Campaign",
        "X-SES-Configuration-Set",
    ] {
        assert_eq!(Header::new(name, "v", RESERVED_HEADERS).err(), Some(BadHeader::Ours), "{name}");
    }
    for name in ["X-Order", "X-Mailguns", "Idempotency-Keys", "X-Priority"] {
        assert!(Header::new(name, "v", RESERVED_HEADERS).is_ok(), "{name}");
    }
}

#[test]
fn reserved_names_are_in_lower_case() {
    for name in KINDS.iter().flat_map(|kind| kind.reserved_headers) {
        let bare = name.strip_suffix('*').unwrap_or(name);
        assert!(bare.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
    }
}
