//! DKIM (RFC 6376): private keys in a directory, the signatures that they make, and the records that publish them.
//!
//! The directory has a folder for each domain, and in it a file `<selector>.pem` for each key: RSA (RFC 6376) or Ed25519
//! (RFC 8463), one of each where receivers that know RSA alone shall be served too. Of several keys of a kind the one whose
//! selector comes first in the alphabet signs, so a new key waits until the file of the old one is removed. A domain without a
//! folder is signed for by the nearest domain above it that has one, which is aligned for DMARC (RFC 7489 3.1.1).
//!
//! A private key is never shown: neither it nor its file's text is `Debug`, errors name the file alone, and `smsp dkim new`
//! writes files that their owner alone may read.
//!
//! Deliberately absent: an end of signatures (`x=`), a length of the body (`l=`), keys that others hold, passphrases, and
//! wiping keys from memory, where they have to be as long as a node signs.

mod directory;
mod key;
mod keys;
mod listing;
pub mod making;
mod names;
pub mod settings;
mod signature;

pub use directory::KeyDirectory;
pub use key::{Key, KeyKind};
pub use keys::{Keys, signing};
pub use signature::CannotSign;

#[cfg(test)]
mod tests;
