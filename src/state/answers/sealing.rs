//! Seals answers before they reach a store, and opens them again: they hold addresses, and providers' ids of mails.
//!
//! AES-256-GCM with a key for each writing, used once, so that the nonce can be fixed. The mail's id is authenticated: no
//! answer can be put under another mail.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use uuid::Uuid;

use crate::model::message::Id;
use crate::state::store::{StoreKeys, Wrapped};

/// What the keys are for.
const PURPOSE: &str = "answer";

/// An answer as a store has it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedAnswer {
    /// Which key of the store wraps its key.
    pub key_id: String,
    /// Its own key, wrapped.
    pub wrapped_key: Vec<u8>,
    /// The answer.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for SealedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedAnswer({}, {} bytes)", self.key_id, self.bytes.len())
    }
}

/// Seals and opens with the keys of the store.
#[derive(Clone)]
pub(super) struct Sealer(Arc<StoreKeys>);

impl Sealer {
    pub(super) fn new(keys: Arc<StoreKeys>) -> Self {
        Self(keys)
    }

    /// What a store may have of the answer for this mail; none if the system has no randomness.
    pub(super) fn seal(&self, id: Id, mut plain: Vec<u8>) -> Option<SealedAnswer> {
        let mut key = [0; 32];
        rand::fill(&mut key).ok()?;
        let Wrapped { key_id, bytes: wrapped_key } = self.0.wrap(PURPOSE, Uuid::from(id).as_bytes(), &key)?;
        let (key, aad) = parameters(&key, id)?;
        key.seal_in_place_append_tag(nonce(), aad, &mut plain).ok()?;
        Some(SealedAnswer { key_id, wrapped_key, bytes: plain })
    }

    /// Is it sealed under a key that this node has?
    pub(super) fn knows_key_of(&self, sealed: &SealedAnswer) -> bool {
        self.0.ids().any(|id| id == sealed.key_id)
    }

    /// What was sealed for this mail.
    pub(super) fn open(&self, id: Id, sealed: &SealedAnswer) -> Option<Vec<u8>> {
        let wrapped = Wrapped { key_id: sealed.key_id.clone(), bytes: sealed.wrapped_key.clone() };
        let key = self.0.unwrap(PURPOSE, Uuid::from(id).as_bytes(), &wrapped)?;
        let (key, aad) = parameters(&key, id)?;
        let mut bytes = sealed.bytes.clone();
        let length = key.open_in_place(nonce(), aad, &mut bytes).ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }
}

fn parameters(key: &[u8; 32], id: Id) -> Option<(LessSafeKey, Aad<[u8; 16]>)> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    Some((key, Aad::from(Uuid::from(id).into_bytes())))
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(keys: &str) -> Sealer {
        Sealer::new(Arc::new(StoreKeys::parse(keys).unwrap()))
    }

    #[test]
    fn an_answer_is_opened_for_its_own_mail_alone_and_shows_nothing_before() {
        let [a, b] = ["a", "b"].map(|name| format!("{name}:{}", (if name == "a" { "1" } else { "2" }).repeat(64)));
        let [id, other] = [1, 2].map(|number| Id::from(Uuid::from_u128(number)));
        let sealed = sealer(&a).seal(id, b"to bob@example.org".to_vec()).unwrap();
        assert!(!sealed.bytes.windows(3).any(|part| part == b"bob"));
        assert_eq!(format!("{sealed:?}"), "SealedAnswer(a, 34 bytes)");
        assert_eq!(
            sealer(&format!("{b},{a}")).open(id, &sealed).unwrap(),
            b"to bob@example.org",
            "the key was replaced"
        );
        assert_eq!(sealer(&a).open(other, &sealed), None, "it is the answer for another mail");
        assert_eq!(sealer(&b).open(id, &sealed), None, "the key is lost");
        let changed = SealedAnswer { bytes: sealed.bytes.iter().map(|byte| byte ^ 1).collect(), ..sealed };
        assert_eq!(sealer(&a).open(id, &changed), None);
    }
}
