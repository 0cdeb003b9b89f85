//! One key: what signs, and what is published of it.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rsa::KeyPair as RsaPair;
use aws_lc_rs::signature::KeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_auth::common::crypto::{DkimKey, Ed25519Key, RsaKey};
use memchr::memmem;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// Bits of the longest RSA keys that receivers have to verify (RFC 8301 3.2). The shortest that the library takes have 2048.
const MOST_BITS: usize = 4096;

/// A kind of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// RSA of so many bits.
    Rsa(usize),
    /// Ed25519.
    Ed25519,
}

impl KeyKind {
    /// That of an RSA key of at least 2048 bits.
    pub(super) fn rsa(bits: usize) -> Result<Self, CannotUse> {
        if bits <= MOST_BITS { Ok(Self::Rsa(bits)) } else { Err(CannotUse::Long) }
    }

    /// Its name in a record (RFC 6376 3.6.1, RFC 8463 4).
    pub fn tag(self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA, {bits} bits"),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}

/// Why no mail can be signed with what a file has; it reads on from the name of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CannotUse {
    /// There is no private key.
    #[error("has no private key in PEM (PKCS#8, or PKCS#1 for RSA): `smsp dkim new` makes keys")]
    None,
    /// There is the other half, or a certificate.
    #[error(
        "is no private key but a public one or a certificate: the private one belongs here, the public one in the DNS"
    )]
    Public,
    /// There is a passphrase on it.
    #[error("is encrypted, and nobody is there to give a passphrase: `openssl pkey -in OLD -out NEW` takes it off")]
    Encrypted,
    /// It is an RSA key that is too easy to break.
    #[error("is an RSA key of fewer than 2048 bits, which is too weak: `smsp dkim new` makes keys")]
    Short,
    /// It is an RSA key that receivers need not verify.
    #[error("is an RSA key of more than {MOST_BITS} bits, which receivers need not verify: `smsp dkim new` makes keys")]
    Long,
    /// It is of another kind.
    #[error("is damaged, or of another kind than RSA and Ed25519: `smsp dkim new` makes keys of both")]
    Other,
}

impl CannotUse {
    /// For a text in which no private key was found.
    fn of(pem: &[u8]) -> Self {
        let has = |label: &[u8]| memmem::find(pem, label).is_some();
        // In the label of PKCS#8, or in a line below that of PKCS#1.
        if has(b"ENCRYPTED") {
            Self::Encrypted
        } else if has(b"PUBLIC KEY-----") || has(b"CERTIFICATE-----") {
            Self::Public
        } else {
            Self::None
        }
    }
}

impl From<KeyRejected> for CannotUse {
    fn from(rejected: KeyRejected) -> Self {
        match rejected.description_() {
            "TooSmall" => Self::Short,
            "TooLarge" => Self::Long,
            _ => Self::Other,
        }
    }
}

/// A private key and its selector.
pub struct Key {
    selector: String,
    kind: KeyKind,
    /// As a record has it.
    public: String,
    pub(super) private: DkimKey,
}

impl PartialEq for Key {
    /// Who has the public key has the private one.
    fn eq(&self, other: &Self) -> bool {
        (&self.selector, &self.public) == (&other.selector, &other.public)
    }
}

impl Key {
    /// Reads a private key in PEM: PKCS#8, or PKCS#1 for RSA.
    pub(super) fn read(selector: &str, pem: &[u8]) -> Result<Self, CannotUse> {
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(|_| CannotUse::of(pem))?;
        let (kind, public, private) = match &der {
            PrivateKeyDer::Pkcs1(_) => rsa(&der)?,
            PrivateKeyDer::Pkcs8(pkcs8) => ed25519(pkcs8.secret_pkcs8_der()).map_or_else(|| rsa(&der), Ok)?,
            _ => return Err(CannotUse::Other),
        };
        Ok(Self { selector: selector.to_owned(), kind, public: STANDARD.encode(public), private })
    }

    /// Below which name its record is.
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// Its kind.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The public key as a record has it, in base64.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The text of its record.
    pub fn record(&self) -> String {
        format!("v=DKIM1; k={}; p={}", self.kind.tag(), self.public)
    }

    /// The name of its record.
    pub fn record_name(&self, domain: &str) -> String {
        format!("{}._domainkey.{domain}", self.selector)
    }
}

fn rsa(der: &PrivateKeyDer<'_>) -> Result<(KeyKind, Vec<u8>, DkimKey), CannotUse> {
    let pair = match der {
        PrivateKeyDer::Pkcs1(der) => RsaPair::from_der(der.secret_pkcs1_der()),
        der => RsaPair::from_pkcs8(der.secret_der()),
    }
    .map_err(CannotUse::from)?;
    let kind = KeyKind::rsa(pair.public_modulus_len() * 8)?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| CannotUse::Other)?;
    let private = RsaKey::from_key_der(der.clone_key()).map_err(|_| CannotUse::Other)?;
    Ok((kind, public.as_ref().to_vec(), private.into()))
}

/// `None`: it is no such key.
fn ed25519(pkcs8: &[u8]) -> Option<(KeyKind, Vec<u8>, DkimKey)> {
    // The public key need not be in it: OpenSSL leaves it out.
    let private = Ed25519Key::from_pkcs8_maybe_unchecked_der(pkcs8).ok()?;
    Some((KeyKind::Ed25519, private.public_key(), private.into()))
}
