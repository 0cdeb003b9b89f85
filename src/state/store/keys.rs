//! `SMSP_STORE_KEY`: what is derived from it, and how other keys are wrapped by it.
//!
//! The first key wraps; the others open what they have wrapped before, so that a key can be replaced. No key encrypts two
//! things: a key of its own is derived for each purpose and each thing (HMAC-SHA-256 as in NIST SP 800-108), so that random
//! nonces cannot run out. Invariant: `Debug` shows ids alone.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hmac, rand};
use secrecy::{ExposeSecret, SecretBox};

/// Bytes of a key.
const LENGTH: usize = 32;
/// Bytes of a key's name.
const MAX_ID: usize = 32;

/// The keys of a store, the one that wraps first.
pub struct StoreKeys(Vec<StoreKey>);

struct StoreKey {
    id: String,
    secret: SecretBox<[u8; LENGTH]>,
}

/// A key that is wrapped by one of the store's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// By which.
    pub key_id: String,
    /// Useless without that one.
    pub bytes: Vec<u8>,
}

impl StoreKeys {
    /// Reads `id:` and 64 hex digits, perhaps two of that with a comma between; an error never quotes the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let keys: Option<Vec<_>> = text.split(',').map(|key| StoreKey::parse(key.trim())).collect();
        let keys = keys.filter(|keys| keys.len() <= 2);
        let keys = keys.ok_or("must be a name, a colon and 64 hex digits, or two of that with a comma between them")?;
        match &keys[..] {
            [one, other] if one.id == other.id => Err("has two keys of one name".to_owned()),
            [one, other] if one.secret.expose_secret() == other.secret.expose_secret() => {
                Err(format!("has one key under two names, `{}` and `{}`: make a new one", one.id, other.id))
            }
            _ => Ok(Self(keys)),
        }
    }

    /// Their names, the one that wraps first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.id.as_str())
    }

    /// As they may be shown.
    pub fn shown(&self) -> String {
        self.ids().map(|id| format!("{id}:<redacted>")).collect::<Vec<_>>().join(",")
    }

    /// Tells this key from any other of its name, and tells nothing else.
    pub fn check_value(&self, id: &str) -> Option<[u8; LENGTH]> {
        self.get(id).map(|key| key.derive("check", b""))
    }

    /// Wraps a key that belongs to `owner`; `None` only if the system has no randomness.
    pub fn wrap(&self, purpose: &str, owner: &[u8], key: &[u8; LENGTH]) -> Option<Wrapped> {
        let by = self.0.first()?;
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).ok()?;
        let mut sealed = key.to_vec();
        let wrapping = cipher(&by.derive(purpose, owner))?;
        wrapping.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed).ok()?;
        Some(Wrapped { key_id: by.id.clone(), bytes: [&nonce[..], &sealed].concat() })
    }

    /// The key that was wrapped for this purpose and owner.
    pub fn unwrap(&self, purpose: &str, owner: &[u8], wrapped: &Wrapped) -> Option<[u8; LENGTH]> {
        let wrapping = cipher(&self.get(&wrapped.key_id)?.derive(purpose, owner))?;
        let (nonce, sealed) = wrapped.bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        wrapping.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?.try_into().ok()
    }

    /// The HMAC of a text under each key, that of the first one first.
    pub fn hmacs(&self, purpose: &str, text: &str) -> impl Iterator<Item = [u8; LENGTH]> {
        self.0.iter().map(move |key| key.derive(purpose, text.as_bytes()))
    }

    fn get(&self, id: &str) -> Option<&StoreKey> {
        self.0.iter().find(|key| key.id == id)
    }
}

impl StoreKey {
    fn parse(text: &str) -> Option<Self> {
        let (id, hex) = text.split_once(':')?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(1..=MAX_ID).contains(&id.len()) || !id.bytes().all(plain) || hex.len() != 2 * LENGTH {
            return None;
        }
        let digits: Option<Vec<u8>> =
            hex.chars().map(|c| c.to_digit(16).and_then(|digit| digit.try_into().ok())).collect();
        let mut secret = [0; LENGTH];
        for (byte, pair) in secret.iter_mut().zip(digits?.chunks_exact(2)) {
            *byte = pair.iter().fold(0, |byte, digit| byte << 4 | digit);
        }
        Some(Self { id: id.to_owned(), secret: SecretBox::new(Box::new(secret)) })
    }

    /// One value per purpose and owner.
    fn derive(&self, purpose: &str, owner: &[u8]) -> [u8; LENGTH] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.expose_secret());
        let tag = hmac::sign(&key, &[b"smsp 1 ", purpose.as_bytes(), b"\0", owner].concat());
        tag.as_ref().try_into().unwrap_or_default()
    }
}

/// AES-256-GCM with this key.
fn cipher(key: &[u8; LENGTH]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new)
}

impl fmt::Debug for StoreKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

#[cfg(test)]
mod tests;
