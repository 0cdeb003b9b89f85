//! Addresses and mailboxes, stricter than RFC 5322: only what every provider reads in the same way.
//!
//! The policy: the local part is a dot-atom of letters and their marks in any script (RFC
//! 6531 3.3, for providers that carry it), without encoded-words or a leading `-`; the domain is a host name of LDH labels
//! (RFC 1123 2.1), kept as lower-case A-labels (UTS #46). A host name of one label is an intranet's ([`Address::is_intranet`]),
//! which only a relay or a Maildir can reach. No domain literal, no quoted local part. Display names are plain Unicode
//! without control characters. The syntax is read by hand: a general parser takes what this policy refuses, and would have
//! to be checked once more. Domains are `idna`'s, categories of letters `icu_properties`'.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use super::content::{BadText, check_bidi, check_header_text, has_control, has_encoded_word};
use super::tokens::{is_atext, quoted};

/// Bytes of a display name: some providers repeat every name for every recipient.
const MAX_NAME_LEN: usize = 200;

/// Octets of a local part (RFC 5321 4.5.3.1.1).
const MAX_LOCAL_PART_LEN: usize = 64;
/// Octets of an address: a path has 256, two of which are its brackets (RFC 5321 4.5.3.1.3).
const MAX_LEN: usize = 254;

/// Why a text is not an address we send to. Never quotes the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// Not `local@domain`.
    #[error("is not an address of the form local@domain")]
    Syntax,
    /// The part before the @.
    #[error("has a local part that is not a plain dot-atom of letters, digits and marks such as . _ + -")]
    LocalPart,
    /// RFC 5321 4.5.3.1.
    #[error("must have at most 64 bytes before the @ and 254 in all")]
    Long,
    /// An encoded-word in the local part hides a second address.
    #[error("must not contain an RFC 2047 encoded-word (=?...?=)")]
    EncodedWord,
    /// The part behind the @.
    #[error("has a domain that is not a host name, such as example.org")]
    Domain,
    /// CR, LF, NUL and the like.
    #[error("must not contain control characters such as CR, LF or NUL")]
    Control,
    /// The display name.
    #[error("has a display name that {0}")]
    Name(BadText),
}

/// `local@domain`, the domain in lower-case A-labels.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    at: usize,
}

impl Address {
    /// `local@domain`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Can every mail server read it? Else its local part needs SMTPUTF8 (RFC 6531).
    pub fn is_ascii(&self) -> bool {
        self.text.is_ascii()
    }

    /// What stands behind the @.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// Is its domain a host name of one label, which means something in one network alone?
    pub fn is_intranet(&self) -> bool {
        !self.domain().contains('.')
    }
}

/// Redacted: an address never reaches a log.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(redacted)")
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        if has_control(text) {
            return Err(BadAddress::Control);
        }
        if has_encoded_word(text) {
            return Err(BadAddress::EncodedWord);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(BadAddress::Syntax)?;
        check_local_part(local)?;
        let text = [local, &host_name(domain)?].join("@");
        if local.len() > MAX_LOCAL_PART_LEN || text.len() > MAX_LEN {
            return Err(BadAddress::Long);
        }
        Ok(Self { text, at: local.len() })
    }
}

/// Atoms separated by dots (RFC 5322 3.2.3, RFC 6532 3.2), none of which begins with a mark.
fn check_local_part(local: &str) -> Result<(), BadAddress> {
    let plain = |c: char| is_atext(c) || c.is_alphanumeric() || is_mark(c);
    let is_atom = |atom: &str| !atom.is_empty() && !atom.starts_with(is_mark) && atom.chars().all(plain);
    if local.starts_with('-') || !local.split('.').all(is_atom) {
        return Err(BadAddress::LocalPart);
    }
    Ok(())
}

/// Does it belong to the letter before it? Vowel signs, viramas, tone marks, accents (Unicode 4.5, categories Mn and Mc).
fn is_mark(c: char) -> bool {
    let category = || CodePointMapData::<GeneralCategory>::new().get(c);
    !c.is_ascii() && matches!(category(), GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark)
}

/// A domain as A-labels, the last of which no IP address could have. `--` may stand anywhere but in front of an A-label that
/// is none.
pub fn host_name(domain: &str) -> Result<Cow<'_, str>, BadAddress> {
    let policy = (AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    let ascii = Uts46::new().to_ascii(domain.as_bytes(), policy.0, policy.1, policy.2);
    let ascii = ascii.map_err(|_| BadAddress::Domain)?;
    let top = ascii.rsplit('.').next().unwrap_or_default();
    if top.starts_with(|c: char| c.is_ascii_alphabetic()) { Ok(ascii) } else { Err(BadAddress::Domain) }
}

/// An address, perhaps with a display name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    name: Option<Name>,
    address: Address,
}

#[derive(Clone, PartialEq, Eq)]
struct Name(String);

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redacted")
    }
}

impl Mailbox {
    /// Joins the two; a blank name is none.
    pub fn new(name: Option<&str>, address: Address) -> Result<Self, BadAddress> {
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        name.map_or(Ok(()), check_name).map_err(BadAddress::Name)?;
        Ok(Self { name: name.map(|name| Name(name.to_owned())), address })
    }

    /// The display name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_ref().map(|name| name.0.as_str())
    }

    /// The address.
    pub fn address(&self) -> &Address {
        &self.address
    }
}

fn check_name(name: &str) -> Result<(), BadText> {
    if name.len() > MAX_NAME_LEN {
        return Err(BadText::Long);
    }
    check_header_text(name).and_then(|()| check_bidi(name))
}

/// `local@domain`, or `Name <local@domain>` with the name perhaps in double quotes.
impl FromStr for Mailbox {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let text = text.trim_matches(' ');
        let Some(inner) = text.strip_suffix('>') else {
            return Self::new(None, text.parse()?);
        };
        let (name, address) = inner.rsplit_once('<').ok_or(BadAddress::Syntax)?;
        let name = written_name(name.trim()).ok_or(BadAddress::Syntax)?;
        Self::new(Some(&name), address.parse()?)
    }
}

/// The name that stands before the address: one quoted string, or words without what separates mailboxes. Anything
/// looser would swallow a neighbour into the name, and its recipient would get nothing.
fn written_name(text: &str) -> Option<Cow<'_, str>> {
    let Some(inner) = text.strip_prefix('"') else {
        return (!text.contains([',', ';', '<', '>', '@', '"'])).then_some(Cow::Borrowed(text));
    };
    let (mut name, mut chars) = (String::new(), inner.chars());
    loop {
        match chars.next()? {
            '"' => return chars.as_str().is_empty().then_some(Cow::Owned(name)),
            '\\' => name.push(chars.next()?),
            c => name.push(c),
        }
    }
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && word.chars().all(char::is_alphanumeric)
}

/// RFC 5322 form, the name quoted where it is more than words with a space between them; Unicode stays as it is.
impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address.as_str();
        match self.name() {
            None => f.write_str(address),
            Some(name) if name.split(' ').all(is_word) => write!(f, "{name} <{address}>"),
            Some(name) => write!(f, "{} <{address}>", quoted(name)),
        }
    }
}

/// Cuts `a@b.org, "Doe, J" <c@d.org>; e@f.org` at the separators that stand outside quotes.
pub fn split_list(text: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        quoted ^= c == '"' && !escaped;
        escaped = quoted && !escaped && c == '\\';
        !quoted && (c == ',' || c == ';')
    })
    .filter(|part| !part.trim().is_empty())
}

#[cfg(test)]
mod tests;
