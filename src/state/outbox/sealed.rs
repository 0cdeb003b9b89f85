//! Contents and recipients as a store has them: sealed, so that no database, log of it or backup shows one.
//!
//! Two keys per submission, each wrapped by the store's key: the content's is dropped when the mail has ended, that of the
//! recipients with the status.

/// Which of the store's keys something is wrapped by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(pub String);

/// What a submission has to be kept secret of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The message and how to send it.
    pub content: SealedContent,
    /// Whom it goes to.
    pub recipients: SealedRecipients,
    /// One for each recipient, by the key of the store that wraps the others.
    pub hmacs: Vec<Hmac>,
    /// Bytes of the message before it was sealed.
    pub size: u64,
}

/// A message, sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedContent {
    /// Which key of the store wraps its key.
    pub key_id: KeyId,
    /// Its own key, wrapped.
    pub wrapped_key: Vec<u8>,
    /// Its bytes in parts, each sealed by itself.
    pub parts: Vec<Vec<u8>>,
}

/// Addresses of a message in the order To, Cc, Bcc, sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedRecipients {
    /// Which key of the store wraps their key.
    pub key_id: KeyId,
    /// Their own key, wrapped.
    pub wrapped_key: Vec<u8>,
    /// The list.
    pub bytes: Vec<u8>,
}

/// Stands for a recipient where it is looked for: its address cannot be told from it without the store's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hmac(pub [u8; 32]);
