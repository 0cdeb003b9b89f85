//! One signature: relaxed/relaxed, over the whole body and the fields that a reader sees or a program obeys.

use mail_auth::common::crypto::{Algorithm, DkimKey, Sha256, SigningKey};
use mail_auth::common::headers::{HeaderWriter, Writable};
use mail_auth::dkim::{Canonicalization, DkimSigner};
use memchr::memmem;

use super::key::Key;
use crate::runtime::off_worker::off_worker;

/// Fields that are signed where they are there (RFC 6376 5.4.1), but for From, which is signed once more than it is there:
/// a second one breaks the signature.
const SIGNED: [&str; 17] = [
    "Sender",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "To",
    "Cc",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "In-Reply-To",
    "References",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
    "Precedence",
];

/// A key that could not sign: the mail must not go out without its signature, and may later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a DKIM key cannot sign")]
pub struct CannotSign;

/// A key that another owns.
struct Borrowed<'a>(&'a DkimKey);

impl SigningKey for Borrowed<'_> {
    type Hasher = Sha256;

    fn sign(&self, input: impl Writable) -> mail_auth::Result<Vec<u8>> {
        self.0.sign(input)
    }

    fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }
}

/// The field with its CRLF. The lines of the file end with CRLF.
pub(super) fn signature(key: &Key, domain: &str, file: &[u8]) -> Result<String, CannotSign> {
    let fields = ["From", "From"].into_iter().chain(SIGNED.into_iter().filter(|name| has(file, name)));
    let signer = DkimSigner::from_key(Borrowed(&key.private)).domain(domain).selector(key.selector()).headers(fields);
    let relaxed = Canonicalization::Relaxed;
    let signer = signer.header_canonicalization(relaxed).body_canonicalization(relaxed);
    let signed = off_worker(file.len(), || signer.sign(without_ignored_end(file)));
    signed.map(|signature| with_plain_end(signature.to_header())).map_err(|_| CannotSign)
}

/// The field without a fold behind its last value, the signature.
///
/// `mail-auth` 0.13.3 folds after a value that fills its line. Verifiers have to take that white space out together with the
/// value (RFC 6376 3.7), but dkimpy and `OpenDKIM` leave it in, and refuse the signature: one of 76.
pub(super) fn with_plain_end(field: String) -> String {
    match field.strip_suffix("\r\n\t;\r\n") {
        Some(start) => format!("{start};\r\n"),
        None => field,
    }
}

/// The mail without what relaxed canonicalization ignores at the end of a body: empty lines, and lines of white space, which
/// are empty once the white space is gone (RFC 6376 3.4.4).
///
/// `mail-auth` 0.13.3 would hash such lines as empty ones: it writes the line ends that come before white space at once, and
/// leaves out only those at the very end. No other verifier does. The end of the last line it writes by itself.
pub(super) fn without_ignored_end(file: &[u8]) -> &[u8] {
    let Some(body) = memmem::find(file, b"\r\n\r\n").map(|end| end + 4) else { return file };
    let is_ignored = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let kept = file[body..].iter().rposition(|byte| !is_ignored(byte)).map_or(body, |last| body + last + 1);
    &file[..kept]
}

/// Has the file such a field?
fn has(file: &[u8], name: &str) -> bool {
    let lines = file.split(|byte| *byte == b'\n').take_while(|line| !matches!(line, [] | [b'\r']));
    let is_field =
        |line: &[u8]| line.get(name.len()) == Some(&b':') && line[..name.len()].eq_ignore_ascii_case(name.as_bytes());
    lines.into_iter().any(is_field)
}
