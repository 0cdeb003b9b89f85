//! Weighted rendezvous hashing: every upstream draws a lot for a mail, and the lowest lot comes first.
//!
//! A lot follows from the mail's number and the upstream alone, so an upstream that leaves moves none but its own mail, and
//! one that comes takes its share from all. With lots `-ln(u) / weight` each upstream is first as often as its weight says
//! (Efraimidis and Spirakis 2006). A key keeps its upstream across versions: these numbers must stay as they are.

use super::candidate::Candidate;
use super::plan::Place;

/// The number of an upstream of this name (FNV-1a).
pub fn identity(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Orders the places by the lots that their upstreams draw for a mail of this number.
pub(super) fn order(places: &mut [Place], number: u64, weight: impl Fn(&Candidate) -> f64) {
    for place in &mut *places {
        let weight = weight(&place.candidate);
        let lot = -unit(number ^ place.candidate.identity).ln() / weight;
        // Without a weight it comes last.
        place.lot = if weight > 0.0 { lot } else { f64::INFINITY };
    }
    let in_order = |one: &Place, other: &Place| one.upstream().cmp(&other.upstream());
    places.sort_unstable_by(|one, other| one.lot.total_cmp(&other.lot).then_with(|| in_order(one, other)));
}

/// A number above 0 and at most 1, each as likely as any other.
fn unit(number: u64) -> f64 {
    ((mixed(number) >> 11) + 1) as f64 / (1_u64 << 53) as f64
}

/// Every bit of the number decides over every bit of this one (the end of `SplitMix64`).
pub(super) fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_keep_a_key_at_its_upstream_never_change() {
        assert_eq!(identity("mg"), 0x08a9_6107_b550_540d);
        assert_eq!(mixed(1), 0x5692_161d_100b_05e5);
    }
}
