//! What rules and sender maps look at of a mail of the ledger: few values, so that each rule holds for many mails.

use serde_json::{Value, json};

use super::super::random::SeededRng;
use crate::harness::settings::API_KEY;

/// What a condition of a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Caller,
    From,
    To,
    Tag,
    Header,
}

pub(super) const KEYS: [Key; 5] = [Key::Caller, Key::From, Key::To, Key::Tag, Key::Header];

/// The callers, and what each calls with.
pub(super) const CALLERS: [(&str, &str); 2] = [("shop", API_KEY), ("billing", "functional-tests-caller-key-0002")];
/// The header that rules look at.
pub(super) const HEADER: &str = "X-Stream";
/// The ends of the senders' domains; what stands before is different in each mail.
pub(super) const SENDERS: [&str; 3] = ["shop.example", "blog.example", "example.com"];

impl Key {
    /// As it is written.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::From => "from",
            Self::To => "to",
            Self::Tag => "tag",
            Self::Header => "header.X-Stream",
        }
    }

    /// What a mail may have of it: one of these sets.
    fn values(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Caller => &[&["shop"], &["billing"]],
            Self::From => &[&["shop.example"], &["blog.example"], &["example.com"]],
            Self::To => &[&["example.net"], &["tax.gov.example"], &["example.net", "tax.gov.example"]],
            Self::Tag => &[&["otp"], &["offer"], &["Password Reset"], &["otp", "offer"], &[]],
            Self::Header => &[&["bulk 7"], &["single"], &[]],
        }
    }
}

/// What one mail has of each key.
#[derive(Clone, Debug)]
pub(crate) struct Facts([&'static [&'static str]; KEYS.len()]);

impl Facts {
    /// Those of the mail with this number.
    pub(crate) fn of(rng: SeededRng, number: usize) -> Self {
        Self(KEYS.map(|key| key.values()[rng.below(key.word(), number, key.values().len())]))
    }

    /// Those of every mail that there can be.
    pub(super) fn all() -> Vec<Self> {
        let none: Vec<Self> = vec![Self([&[]; KEYS.len()])];
        KEYS.iter().fold(none, |all, key| {
            let with = |facts: &Self| key.values().iter().map(|values| facts.with(*key, values)).collect::<Vec<_>>();
            all.iter().flat_map(with).collect()
        })
    }

    fn with(&self, key: Key, values: &'static [&'static str]) -> Self {
        let mut facts = self.clone();
        facts.0[key as usize] = values;
        facts
    }

    pub(super) fn get(&self, key: Key) -> &'static [&'static str] {
        self.0[key as usize]
    }

    /// The end of the sender's domain.
    pub(super) fn sender(&self) -> &'static str {
        self.get(Key::From)[0]
    }

    /// What its caller calls with.
    pub(crate) fn api_key(&self) -> &'static str {
        let caller = self.get(Key::Caller)[0];
        CALLERS.iter().find(|(name, _)| *name == caller).map_or(API_KEY, |(_, key)| key)
    }

    /// Gives a mail what these say.
    pub(crate) fn write(&self, number: usize, mail: &mut Value) {
        mail["from"] = format!("sender@d{number}.{}", self.sender()).into();
        mail["to"] = self.get(Key::To).iter().map(|domain| format!("receiver@{domain}")).collect();
        mail["tags"] = self.get(Key::Tag).into();
        mail["headers"] = self.get(Key::Header).iter().map(|value| (HEADER.to_owned(), json!(value))).collect();
    }
}
