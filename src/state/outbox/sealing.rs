//! Seals contents and recipients before they reach a store, and opens them again.
//!
//! AES-256-GCM with two keys per submission, each used for one thing only, so that the number of a part can be its nonce.
//! The submission's id, the part and their number are authenticated: no part can be moved, left out or exchanged.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use bytes::Bytes;
use uuid::Uuid;

use super::encoding::{Unreadable, decode, encode};
use super::sealed::{Hmac, KeyId, Sealed, SealedContent, SealedRecipients};
use crate::model::message::Id;
use crate::model::message::{Address, Message};
use crate::model::submission::{Failover, Submission};
use crate::runtime::off_worker::off_worker;
use crate::state::store::{StoreKeys, Wrapped};

/// Bytes of a part.
const PART: usize = 256 * 1024;
/// What the keys and HMACs are for.
const CONTENT: &str = "outbox content";
const RECIPIENTS: &str = "outbox recipients";
const RECIPIENT: &str = "outbox recipient";
const DOMAIN: &str = "outbox domain";

/// The system has no randomness for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers")]
pub struct NotSealed;

/// Seals and opens with the keys of the store.
#[derive(Clone)]
pub struct Sealer(Arc<StoreKeys>);

impl Sealer {
    /// With these keys.
    pub fn new(keys: Arc<StoreKeys>) -> Self {
        Self(keys)
    }

    /// What the store may have of a submission.
    pub fn seal(&self, submission: &Submission) -> Result<Sealed, NotSealed> {
        let message = &submission.message;
        let seal = || self.sealed(message, submission.options.failover).ok_or(NotSealed);
        off_worker(message.size(), seal)
    }

    /// The message of this id, and how its caller wants it sent.
    pub fn open(&self, id: Id, content: &SealedContent) -> Result<(Message, Option<Failover>), Unreadable> {
        let size = content.parts.iter().map(Vec::len).sum();
        off_worker(size, || {
            let key = self.unwrap(CONTENT, id, &content.key_id, &content.wrapped_key).ok_or(Unreadable)?;
            let count = content.parts.len();
            let mut whole = Vec::with_capacity(size);
            for (number, part) in content.parts.iter().enumerate() {
                whole.extend(opened(&key, id, number, count, part).ok_or(Unreadable)?);
            }
            decode(id, &Bytes::from(whole))
        })
    }

    /// The addresses of a submission, in the order To, Cc, Bcc; none if they cannot be opened.
    pub fn open_recipients(&self, id: Id, recipients: &SealedRecipients) -> Option<Vec<String>> {
        let key = self.unwrap(RECIPIENTS, id, &recipients.key_id, &recipients.wrapped_key)?;
        serde_json::from_slice(&opened(&key, id, 0, 1, &recipients.bytes)?).ok()
    }

    /// Is this key of the store among them?
    pub fn has_key(&self, key: &KeyId) -> bool {
        self.0.ids().any(|id| id == key.0)
    }

    /// What stands for an address, under each key of the store, that of the first one first.
    pub fn hmacs(&self, address: &Address) -> Vec<Hmac> {
        self.0.hmacs(RECIPIENT, &address.as_str().to_ascii_lowercase()).map(Hmac).collect()
    }

    /// What stands for a domain where mail waits for it, under the first key of the store. Upper and lower case are one.
    pub fn domain_hmac(&self, domain: &str) -> Option<Hmac> {
        self.0.hmacs(DOMAIN, &domain.to_ascii_lowercase()).map(Hmac).next()
    }

    fn sealed(&self, message: &Message, failover: Option<Failover>) -> Option<Sealed> {
        let (id, plain) = (message.id(), encode(message, failover));
        let recipients: Vec<_> = message.recipient_mailboxes().map(|one| one.address()).collect();
        let list: Vec<_> = recipients.iter().map(|address| address.as_str()).collect();
        let (content_key, recipients_key) = (new_key()?, new_key()?);
        let (of_content, of_recipients) =
            (self.wrap(CONTENT, id, &content_key)?, self.wrap(RECIPIENTS, id, &recipients_key)?);
        let count = plain.len().div_ceil(PART);
        let parts = plain.chunks(PART).enumerate().map(|(number, part)| sealed(&content_key, id, number, count, part));
        let bytes = sealed(&recipients_key, id, 0, 1, &serde_json::to_vec(&list).ok()?)?;
        let content = SealedContent {
            key_id: KeyId(of_content.key_id),
            wrapped_key: of_content.bytes,
            parts: parts.collect::<Option<_>>()?,
        };
        let recipients_sealed =
            SealedRecipients { key_id: KeyId(of_recipients.key_id), wrapped_key: of_recipients.bytes, bytes };
        let hmacs = recipients.iter().filter_map(|address| self.hmacs(address).first().copied()).collect();
        Some(Sealed { content, recipients: recipients_sealed, hmacs, size: plain.len() as u64 })
    }

    fn wrap(&self, purpose: &str, id: Id, key: &[u8; 32]) -> Option<Wrapped> {
        self.0.wrap(purpose, Uuid::from(id).as_bytes(), key)
    }

    fn unwrap(&self, purpose: &str, id: Id, key_id: &KeyId, wrapped_key: &[u8]) -> Option<[u8; 32]> {
        let wrapped = Wrapped { key_id: key_id.0.clone(), bytes: wrapped_key.to_vec() };
        self.0.unwrap(purpose, Uuid::from(id).as_bytes(), &wrapped)
    }
}

fn new_key() -> Option<[u8; 32]> {
    let mut key = [0; 32];
    rand::fill(&mut key).ok().map(|()| key)
}

fn sealed(key: &[u8; 32], id: Id, number: usize, count: usize, part: &[u8]) -> Option<Vec<u8>> {
    let (key, nonce, aad) = parameters(key, id, number, count)?;
    let mut bytes = part.to_vec();
    key.seal_in_place_append_tag(nonce, aad, &mut bytes).ok().map(|()| bytes)
}

fn opened(key: &[u8; 32], id: Id, number: usize, count: usize, part: &[u8]) -> Option<Vec<u8>> {
    let (key, nonce, aad) = parameters(key, id, number, count)?;
    let mut bytes = part.to_vec();
    let length = key.open_in_place(nonce, aad, &mut bytes).ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}

fn parameters(key: &[u8; 32], id: Id, number: usize, count: usize) -> Option<(LessSafeKey, Nonce, Aad<Vec<u8>>)> {
    let [number, count] = [number, count].map(|number| u32::try_from(number).ok().map(u32::to_be_bytes));
    let (number, count) = (number?, count?);
    let mut nonce = [0; NONCE_LEN];
    nonce[NONCE_LEN - number.len()..].copy_from_slice(&number);
    let aad = Aad::from([&Uuid::from(id).as_bytes()[..], &number, &count].concat());
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    Some((key, Nonce::assume_unique_for_key(nonce), aad))
}

#[cfg(test)]
mod tests;
