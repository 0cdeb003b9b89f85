//! One entry of a list of keys: `name:key`, `name:sha256:<hex>`, either with `;until=2027-01-31` at its end.

use std::sync::Arc;
use std::time::SystemTime;

use time::Date;
use time::format_description::well_known::Iso8601;

use super::digest::KeyDigest;
use super::role::KeyRole;
use crate::model::caller::is_name;

/// An entry as it was read.
pub(super) struct Entry<R> {
    pub(super) name: Arc<str>,
    pub(super) role: R,
    pub(super) digest: KeyDigest,
    /// The key is good before this time.
    pub(super) end: Option<SystemTime>,
}

impl<R: KeyRole> Entry<R> {
    /// An error says what the entry must be like, and quotes nothing of it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let (text, end) = match text.split_once(';') {
            Some((text, until)) => (text, Some(end_of(until.trim()).ok_or("must end with ;until=YYYY-MM-DD")?)),
            None => (text, None),
        };
        let form = || format!("must be {}", R::FORM);
        let (name, rest) = text.split_once(':').ok_or_else(form)?;
        let (role, key) = R::split(rest).ok_or_else(form)?;
        let digest = match key.strip_prefix("sha256:") {
            Some(hex) => KeyDigest::from_hex(hex).ok_or("must have 64 hexadecimal digits behind sha256:")?,
            None if key.is_empty() => return Err("has no key".to_owned()),
            None if key.trim() != key => {
                return Err("has a key with a space at its begin or end, which HTTP takes away".to_owned());
            }
            None => KeyDigest::of(key.as_bytes()),
        };
        // What a hash of a variable that is not set comes to. A request without a key would have this key.
        if digest == KeyDigest::of(b"") {
            return Err("has the SHA-256 of an empty key: hash the key itself".to_owned());
        }
        if !is_name(name) {
            return Err("must start with a name of lower-case letters, digits and -, a letter first".to_owned());
        }
        Ok(Self { name: name.into(), role, digest, end })
    }
}

/// The midnight (UTC) that ends the last day of a key.
fn end_of(until: &str) -> Option<SystemTime> {
    let date = Date::parse(until.strip_prefix("until=")?, &Iso8601::DATE).ok()?;
    Some(date.next_day()?.midnight().assume_utc().into())
}
