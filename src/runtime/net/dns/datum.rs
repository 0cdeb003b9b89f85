//! What is used of a record, and how much of an answer.

use std::net::IpAddr;

use hickory_resolver::proto::rr::{Name, RData};

/// Records of one answer that are used.
const MOST: usize = 100;

/// A mail exchanger of a domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mx {
    /// The lower, the sooner it is tried.
    pub preference: u16,
    /// Its name in lower case, without the final dot; empty for the root, which says that the domain takes no mail.
    pub host: String,
}

/// What is used of one record.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Datum {
    Exchanger(Mx),
    Address(IpAddr),
    Text(Vec<u8>),
    Name(String),
}

impl Datum {
    pub(super) fn of(data: &RData) -> Option<Self> {
        Some(match data {
            RData::MX(mx) => Self::Exchanger(Mx { preference: mx.preference, host: text(&mx.exchange) }),
            RData::TXT(txt) => Self::Text(txt.txt_data.concat()),
            RData::PTR(name) => Self::Name(text(name)),
            other => Self::Address(other.ip_addr()?),
        })
    }

    /// Bytes that it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        let more = match self {
            Self::Exchanger(mx) => mx.host.capacity(),
            Self::Address(_) => 0,
            Self::Text(text) => text.capacity(),
            Self::Name(name) => name.capacity(),
        };
        size_of::<Self>() + more
    }
}

/// As they came, unless they are too many: then the first of them by their value, so that the next answer has the same ones,
/// whatever its order.
pub(super) fn few(mut data: Vec<Datum>) -> Vec<Datum> {
    if data.len() > MOST {
        data.sort_unstable();
        data.truncate(MOST);
    }
    data
}

/// Lower case, without the final dot.
fn text(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    text.strip_suffix('.').map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_thousands_of_records_a_hundred_are_used_whatever_their_order() {
        let mx = |number: u16| Datum::Exchanger(Mx { preference: number % 7, host: format!("mx{number}.example") });
        let (all, mut turned): (Vec<_>, Vec<_>) = ((0..4000).map(mx).collect(), (0..4000).map(mx).collect());
        turned.rotate_left(1234);
        let found = few(all);
        assert!(found.len() == MOST && found == few(turned));
        assert!(found.iter().all(|datum| matches!(datum, Datum::Exchanger(mx) if mx.preference == 0)));
        let order = || vec![mx(9), mx(3)];
        assert!(few(order()) == order());
    }
}
