//! The bytes of a file, which come as base64 (RFC 4648 4), in one line or in many as encoders for mail write them.

use std::str::FromStr;

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine};
use bytes::Bytes;

/// The bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Content(pub(super) Bytes);

/// Why a text is not base64, and what to do. Never quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadContent {
    #[error("is a data: URL: send what follows its comma")]
    DataUrl,
    #[error("is base64url: write + for - and / for _, and the padding (RFC 4648 4)")]
    Base64Url,
    #[error("has a length that is no multiple of 4: its padding (=) or its end is missing (RFC 4648 4)")]
    Length,
    #[error("must be base64 (RFC 4648 4)")]
    Other,
}

impl FromStr for Content {
    type Err = BadContent;

    /// Line ends, spaces and tabs do not count (RFC 2045 6.8).
    fn from_str(text: &str) -> Result<Self, BadContent> {
        // Most contents have no line end; the others fail at the first, and only of those there is a second copy.
        let bytes = STANDARD.decode(text).or_else(|_| STANDARD.decode(without_spaces(text)));
        bytes.map(|bytes| Self(bytes.into())).map_err(|error| fault(text, &error))
    }
}

fn without_spaces(text: &str) -> Vec<u8> {
    text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect()
}

fn fault(text: &str, error: &DecodeError) -> BadContent {
    let is_data_url = text.trim_start().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    match error {
        _ if is_data_url => BadContent::DataUrl,
        DecodeError::InvalidByte(_, b'-' | b'_') => BadContent::Base64Url,
        DecodeError::InvalidPadding | DecodeError::InvalidLength(_) => BadContent::Length,
        _ => BadContent::Other,
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Vec<u8>, BadContent> {
        text.parse().map(|Content(bytes)| bytes.to_vec())
    }

    #[test]
    fn base64_of_another_kind_is_told_which_and_what_to_do() {
        let bytes = [0xfb, 0xef, 0xbe, 0xff];
        for (text, fault) in [
            (URL_SAFE.encode(bytes), BadContent::Base64Url),
            (URL_SAFE_NO_PAD.encode(bytes), BadContent::Base64Url),
            (STANDARD_NO_PAD.encode(bytes), BadContent::Length),
            ("aGVsb".to_owned(), BadContent::Length),
            (" data:text/plain;base64,aGk=".to_owned(), BadContent::DataUrl),
            ("DATA:,aGk=".to_owned(), BadContent::DataUrl),
            ("hi!".to_owned(), BadContent::Other),
            ("ü".to_owned(), BadContent::Other),
            ("aGk=aGk=".to_owned(), BadContent::Other),
            ("aGl=".to_owned(), BadContent::Other),
        ] {
            assert_eq!(read(&text), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn base64_is_taken_however_it_is_folded(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            width in 1..90usize,
            fold in prop_oneof![Just("\n"), Just("\r\n"), Just("\r\n\t"), Just(" "), Just("\n\n")],
            ends in any::<bool>(),
        ) {
            let line = STANDARD.encode(&bytes);
            let lines: Vec<_> = line.as_bytes().chunks(width).map(String::from_utf8_lossy).collect();
            let folded = lines.join(fold) + if ends { fold } else { "" };
            prop_assert_eq!(read(&folded), Ok(bytes));
        }
    }
}
