//! How far a list, a count or an order has come, as an opaque word.
//!
//! Invariant: that of a count or an order goes on with nothing else than it was given for, and an order has met no more mail than
//! it names. Deliberately absent: a signature, as who may give an order may give it again from its start.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::model::caller::is_name_of_caller;
use crate::runtime::unix_time::UnixTime;
use crate::service::outbox::CarriedOut;
use crate::state::outbox::{Order, Place, RowId, Selection, Walked};

/// A place in a list.
pub(super) fn of_place(place: &Place) -> String {
    URL_SAFE_NO_PAD.encode([place.accepted_at.0.to_be_bytes(), place.row.0.to_be_bytes()].concat())
}

/// `None`: it is none of ours.
pub(super) fn read_place(text: &str) -> Option<Place> {
    place(&URL_SAFE_NO_PAD.decode(text).ok()?)
}

/// What mail is walked through for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Purpose {
    digest: [u8; 8],
    /// How much mail may be met.
    most: u64,
}

impl Purpose {
    /// To count the mail that fits.
    pub(super) fn count(selection: &Selection) -> Self {
        Self::new(None, selection, u64::MAX)
    }

    /// To carry out an order that names so much mail.
    pub(super) fn order(order: Order, selection: &Selection, count: u64) -> Self {
        Self::new(Some(order), selection, count)
    }

    fn new(order: Option<Order>, selection: &Selection, most: u64) -> Self {
        let hash = Sha256::digest(format!("{order:?} {selection:?} {most}"));
        Self { digest: std::array::from_fn(|at| hash[at]), most }
    }
}

/// A place in a walk, and how much mail was met on it.
pub(super) fn of_walk(CarriedOut { walked: Walked { caller, place }, met }: &CarriedOut, purpose: Purpose) -> String {
    let numbers = [purpose.digest, met.to_be_bytes(), place.accepted_at.0.to_be_bytes(), place.row.0.to_be_bytes()];
    URL_SAFE_NO_PAD.encode([&numbers.concat(), caller.as_str().as_bytes()].concat())
}

/// `None`: it is none of ours, or of a walk for another purpose.
pub(super) fn read_walk(text: &str, purpose: Purpose) -> Option<CarriedOut> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let rest = bytes.strip_prefix(&purpose.digest)?;
    let (met, rest) = rest.split_first_chunk::<8>()?;
    let met = Some(u64::from_be_bytes(*met)).filter(|met| *met <= purpose.most)?;
    let (at, caller) = rest.split_first_chunk::<16>()?;
    let caller = std::str::from_utf8(caller).ok().filter(|caller| is_name_of_caller(caller))?;
    Some(CarriedOut { walked: Walked { caller: caller.into(), place: place(at)? }, met })
}

fn place(bytes: &[u8]) -> Option<Place> {
    let (accepted_at, row) = bytes.split_first_chunk::<8>()?;
    let (accepted_at, row) = (i64::from_be_bytes(*accepted_at), i64::from_be_bytes(row.try_into().ok()?));
    Some(Place { accepted_at: UnixTime(accepted_at), row: RowId(row) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::caller::BOUNCES;
    use crate::state::outbox::State;

    fn walk(met: u64, number: i64) -> CarriedOut {
        let place = Place { accepted_at: UnixTime(number), row: RowId(7) };
        CarriedOut { walked: Walked { caller: "shop-2".into(), place }, met }
    }

    #[test]
    fn a_walk_goes_on_with_the_order_the_filter_and_the_count_that_it_began_with() {
        let parked = Selection { state: Some(State::Parked), ..Selection::default() };
        let of_shop = Selection { caller: Some("shop".into()), ..parked.clone() };
        let purposes = [
            Purpose::order(Order::Retry, &parked, 9),
            Purpose::order(Order::Cancel, &parked, 9),
            Purpose::order(Order::Retry, &of_shop, 9),
            Purpose::order(Order::Retry, &parked, 10),
            Purpose::count(&parked),
            Purpose::count(&of_shop),
        ];
        for (at, purpose) in purposes.iter().enumerate() {
            let text = of_walk(&walk(3, 1), *purpose);
            for (other, reader) in purposes.iter().enumerate() {
                assert_eq!(read_walk(&text, *reader).is_some(), at == other, "{at} {other}");
            }
        }
    }

    #[test]
    fn an_order_has_not_met_more_mail_than_it_names() {
        let purpose = Purpose::order(Order::Retry, &Selection::default(), 9);
        for (met, is_read) in [(0, true), (9, true), (10, false), (u64::MAX, false)] {
            assert_eq!(read_walk(&of_walk(&walk(met, 1), purpose), purpose).is_some(), is_read, "{met}");
        }
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is() {
        let purpose = Purpose::count(&Selection::default());
        for number in [0, 1_795_298_709_123, i64::MAX, i64::MIN] {
            let place = Place { accepted_at: UnixTime(number), row: RowId(7) };
            let text = of_place(&place);
            assert_eq!(read_place(&text), Some(place));
            assert_eq!((read_place(&text[1..]), read_place(&format!("{text}AAAA"))), (None, None));
            let text = of_walk(&walk(9, number), purpose);
            assert_eq!(read_walk(&text, purpose), Some(walk(9, number)));
            assert_eq!(read_walk(&text[..43], purpose), None, "without a caller");
            for (caller, is_read) in [(BOUNCES, true), ("_others", false)] {
                let CarriedOut { walked, met } = walk(9, number);
                let of_caller = CarriedOut { walked: Walked { caller: caller.into(), ..walked }, met };
                assert_eq!(read_walk(&of_walk(&of_caller, purpose), purpose).is_some(), is_read, "{caller}");
            }
        }
        for text in ["", "A", "5", "a+b/c===", "\u{e9}"] {
            assert_eq!((read_place(text), read_walk(text, purpose)), (None, None), "{text}");
        }
    }
}
