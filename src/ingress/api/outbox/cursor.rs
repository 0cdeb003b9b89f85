//! The place behind a message in a list, as an opaque word: when the message was accepted, and its id.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::Cursor;

pub(super) fn write(cursor: &Cursor) -> String {
    let (time, id) = (cursor.accepted_at.0.to_be_bytes(), Uuid::from(cursor.id).into_bytes());
    URL_SAFE_NO_PAD.encode([&time[..], &id].concat())
}

/// `None`: it is none of ours.
pub(super) fn read(text: &str) -> Option<Cursor> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (time, id) = bytes.split_first_chunk::<8>()?;
    let id = Uuid::from_bytes(id.try_into().ok()?);
    Some(Cursor { accepted_at: UnixTime(i64::from_be_bytes(*time)), id: id.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is() {
        for time in [0, 1_795_298_709_123, i64::MAX, i64::MIN] {
            let cursor = Cursor { accepted_at: UnixTime(time), id: Uuid::from_u128(7).into() };
            let text = write(&cursor);
            assert_eq!(read(&text), Some(cursor));
            assert_eq!(read(&text[1..]), None);
            assert_eq!(read(&format!("{text}AAAA")), None);
        }
        for text in ["", "A", "5", "a+b/c===", "\u{e9}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
