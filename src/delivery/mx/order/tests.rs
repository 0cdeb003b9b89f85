//! The order of servers and addresses, for any lists and any draws.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn host(number: usize) -> Arc<str> {
    format!("mx{number}.example.org").into()
}

/// Servers with so many addresses of version 6 and of version 4.
fn hosts(counts: &[(u8, u8)]) -> Vec<(Arc<str>, Vec<IpAddr>)> {
    let six = |place: usize, n: u8| IpAddr::from([0x2001, 0xdb8, place as u16, 0, 0, 0, 0, u16::from(n)]);
    let four = |place: usize, n: u8| IpAddr::from([192, 0, place as u8, n]);
    let addresses = |(place, (sixes, fours)): (usize, &(u8, u8))| {
        let all = (0..*sixes).map(|n| six(place, n)).chain((0..*fours).map(|n| four(place, n)));
        (host(place), all.collect())
    };
    counts.iter().enumerate().map(addresses).collect()
}

/// `mx0/6 mx0/4`, without the names' ends.
fn shown(targets: &[Target]) -> String {
    let family = |address: SocketAddr| if address.is_ipv6() { 6 } else { 4 };
    let one = |target: &Target| format!("{}/{}", &target.host[..3], family(target.address));
    targets.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_server_has_two_addresses_of_both_families_before_any_has_a_third() {
    for (counts, expected) in [
        (&[(6, 6), (0, 1)][..], "mx0/6 mx0/4 mx0/6 mx0/4 mx1/4"),
        (&[(9, 0)], "mx0/6 mx0/6 mx0/6 mx0/6 mx0/6"),
        (&[(1, 3)], "mx0/6 mx0/4 mx0/4 mx0/4"),
        (&[(1, 1), (1, 1), (1, 1)], "mx0/6 mx0/4 mx1/6 mx1/4 mx2/6"),
        (&[(0, 0), (0, 1)], "mx1/4"),
        (&[], ""),
    ] {
        assert_eq!(shown(&choose(hosts(counts), 25, &mut fastrand::Rng::with_seed(1))), expected, "{counts:?}");
    }
}

#[test]
fn every_order_inside_a_preference_occurs_and_none_across() {
    let mx = |number: u16| Mx { preference: number / 3, host: format!("mx{number}") };
    let mut random = fastrand::Rng::with_seed(7);
    let mut orders = BTreeSet::new();
    for _ in 0..500 {
        let order = by_preference((0..6).rev().map(mx).collect(), &mut random);
        orders.insert(order.iter().map(|host| host[2..].parse::<u16>().unwrap()).collect::<Vec<_>>());
    }
    assert_eq!(orders.len(), 36, "3! x 3!");
    assert!(orders.iter().all(|order| order[..3].iter().all(|number| *number < 3)), "{orders:?}");
}

proptest! {
    #[test]
    fn choice_is_bounded_fair_in_order_and_free_of_repeats(counts in vec((0u8..8, 0u8..8), 0..8), seed: u64) {
        let all = hosts(&counts);
        let chosen = choose(all.clone(), 25, &mut fastrand::Rng::with_seed(seed));
        let available: usize = all.iter().map(|(_, addresses)| addresses.len()).sum();
        prop_assert_eq!(chosen.len(), available.min(MOST_ADDRESSES));
        prop_assert!(chosen.windows(2).all(|pair| pair[0].host <= pair[1].host), "{:?}", chosen);
        let different: BTreeSet<_> = chosen.iter().map(|target| target.address).collect();
        prop_assert_eq!(different.len(), chosen.len());
        let is_there = |target: &Target| all.iter().any(|(host, row)| *host == target.host && row.contains(&target.address.ip()));
        prop_assert!(chosen.iter().all(is_there));
        let with_addresses = all.iter().filter(|(_, row)| !row.is_empty()).count();
        let tried: BTreeSet<_> = chosen.iter().map(|target| &target.host).collect();
        prop_assert!(tried.len() >= with_addresses.min(2), "a second server is tried: {:?}", chosen);
        let families: BTreeSet<_> = all.first().into_iter().flat_map(|(_, row)| row.iter().map(IpAddr::is_ipv6)).collect();
        let of_first: BTreeSet<_> = chosen.iter().filter(|t| t.host == host(0)).map(|t| t.address.is_ipv6()).collect();
        prop_assert_eq!(of_first, families, "each family of the first server is tried");
    }
}
