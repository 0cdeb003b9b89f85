//! How far a list, a count or an order has come, as an opaque word.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::model::caller::is_name;
use crate::runtime::unix_time::UnixTime;
use crate::service::outbox::CarriedOut;
use crate::state::outbox::{Place, RowId, Walked};

/// A place in a list.
pub(super) fn of_place(place: &Place) -> String {
    URL_SAFE_NO_PAD.encode([place.accepted_at.0.to_be_bytes(), place.row.0.to_be_bytes()].concat())
}

/// `None`: it is none of ours.
pub(super) fn read_place(text: &str) -> Option<Place> {
    place(&URL_SAFE_NO_PAD.decode(text).ok()?)
}

/// A place in a walk, and how much mail was met on it.
pub(super) fn of_walk(CarriedOut { walked: Walked { caller, place }, met }: &CarriedOut) -> String {
    let numbers = [met.to_be_bytes(), place.accepted_at.0.to_be_bytes(), place.row.0.to_be_bytes()];
    URL_SAFE_NO_PAD.encode([&numbers.concat(), caller.as_str().as_bytes()].concat())
}

/// `None`: it is none of ours.
pub(super) fn read_walk(text: &str) -> Option<CarriedOut> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (met, rest) = bytes.split_first_chunk::<8>()?;
    let (at, caller) = rest.split_first_chunk::<16>()?;
    let caller = std::str::from_utf8(caller).ok().filter(|caller| is_name(caller))?;
    Some(CarriedOut { walked: Walked { caller: caller.into(), place: place(at)? }, met: u64::from_be_bytes(*met) })
}

fn place(bytes: &[u8]) -> Option<Place> {
    let (accepted_at, row) = bytes.split_first_chunk::<8>()?;
    let (accepted_at, row) = (i64::from_be_bytes(*accepted_at), i64::from_be_bytes(row.try_into().ok()?));
    Some(Place { accepted_at: UnixTime(accepted_at), row: RowId(row) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is() {
        for number in [0, 1_795_298_709_123, i64::MAX, i64::MIN] {
            let place = Place { accepted_at: UnixTime(number), row: RowId(7) };
            let text = of_place(&place);
            assert_eq!(read_place(&text), Some(place));
            assert_eq!((read_place(&text[1..]), read_place(&format!("{text}AAAA"))), (None, None));
            let walk = CarriedOut { walked: Walked { caller: "shop-2".into(), place }, met: 9 };
            let text = of_walk(&walk);
            assert_eq!(read_walk(&text), Some(walk));
            assert_eq!(read_walk(&text[..32]), None, "without a caller");
        }
        for text in ["", "A", "5", "a+b/c===", "\u{e9}"] {
            assert_eq!((read_place(text), read_walk(text)), (None, None), "{text}");
        }
    }
}
