//! Which addresses are public, and which are this machine's own.
//!
//! A name that anybody may give is looked up by us, so its owner chooses an address that we connect to. One that means
//! something only inside a network (loopback, private, link-local and the like) must not be reached in this way.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Blocks of version 4 that no public host has (IANA's registry of special-purpose addresses, multicast, class E).
const SPECIAL_4: [(Ipv4Addr, u32); 14] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// What has been given out of version 6; all other blocks are special: loopback, mapped, unique-local, link-local, multicast.
const GLOBAL_6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// Special blocks among those: protocol assignments with Teredo, documentation, 6to4, documentation again.
const SPECIAL_6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];
/// A network of version 6 alone reaches hosts of version 4 by these, which end in the host's own (RFC 6052).
const TRANSLATED: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Can any host of the Internet have this address? An address of version 4 mapped into version 6 is none that a name has.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => is_public_4(four),
        IpAddr::V6(six) if is_in_6(six, TRANSLATED) => {
            let [.., high, low] = six.segments();
            is_public_4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
        }
        IpAddr::V6(six) => is_in_6(six, GLOBAL_6) && !SPECIAL_6.iter().any(|block| is_in_6(six, *block)),
    }
}

fn is_public_4(address: Ipv4Addr) -> bool {
    let is_in = |(block, length): (Ipv4Addr, u32)| (address.to_bits() ^ block.to_bits()) >> (32 - length) == 0;
    !SPECIAL_4.into_iter().any(is_in)
}

fn is_in_6(address: Ipv6Addr, (block, length): (Ipv6Addr, u32)) -> bool {
    (address.to_bits() ^ block.to_bits()) >> (128 - length) == 0
}

/// Those of a name's addresses that others may lead us to: public, and not this machine's own.
///
/// There are so many of each family at most, for an answer may have thousands, and each is a question to the kernel; `random`
/// chooses them, the same for the same draws.
pub fn reachable(addresses: Vec<IpAddr>, most: usize, random: &mut fastrand::Rng) -> Vec<IpAddr> {
    chosen(addresses, most, random, is_own)
}

fn chosen(
    mut addresses: Vec<IpAddr>,
    most: usize,
    random: &mut fastrand::Rng,
    is_own: impl Fn(IpAddr) -> bool,
) -> Vec<IpAddr> {
    addresses.retain(|address| is_public(*address));
    addresses.sort_unstable();
    random.shuffle(&mut addresses);
    let (six, four): (Vec<_>, Vec<_>) = addresses.into_iter().partition(IpAddr::is_ipv6);
    let few = six.into_iter().take(most).chain(four.into_iter().take(most));
    few.filter(|address| !is_own(*address)).collect()
}

/// Is it an address of this machine? The kernel is asked which address it would send from: to itself, the same. Nothing is
/// sent.
fn is_own(address: IpAddr) -> bool {
    let unspecified: IpAddr =
        if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let from = || {
        let socket = UdpSocket::bind(SocketAddr::new(unspecified, 0)).ok()?;
        // Any port.
        socket.connect(SocketAddr::new(address, 25)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    address.is_loopback() || from() == Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn hosts_of_the_internet_are_public() {
        for text in ["8.8.8.8", "1.1.1.1", "100.128.0.1", "172.32.0.1", "192.0.1.1", "198.20.0.1", "223.255.255.254"] {
            assert!(public(text), "{text}");
        }
        for text in ["2a00:1450:4001::1", "2001:4860::8888", "2600::", "2001:200::1", "64:ff9b::808:808"] {
            assert!(public(text), "{text}");
        }
    }

    #[test]
    fn the_first_and_the_last_of_every_special_block_are_not_public() {
        for (block, length) in SPECIAL_4 {
            let last = block.to_bits() | (u32::MAX >> length);
            assert!(!is_public(block.into()) && !is_public(Ipv4Addr::from(last).into()), "{block}/{length}");
        }
        for (block, length) in SPECIAL_6 {
            let last = block.to_bits() | (u128::MAX >> length);
            assert!(!is_public(block.into()) && !is_public(Ipv6Addr::from(last).into()), "{block}/{length}");
        }
    }

    #[test]
    fn an_address_that_means_something_in_one_network_alone_is_not_public() {
        for text in ["::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd12::1", "ff02::1", "100::1", "5f00::1"] {
            assert!(!public(text), "{text}");
        }
        for text in ["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::808:808"] {
            assert!(!public(text), "{text}");
        }
        for text in ["127.0.0.1", "169.254.169.254", "10.1.2.3", "192.168.1.1", "172.31.255.255", "255.255.255.255"] {
            assert!(!public(text), "{text}");
        }
        for text in ["0.1.2.3", "100.64.0.1", "192.0.0.9", "192.0.2.1", "192.88.99.1", "198.19.0.1", "198.51.100.1"] {
            assert!(!public(text), "{text}");
        }
        for text in ["203.0.113.1", "224.0.0.1", "240.0.0.1", "2001::1", "2001:db8::1", "2002:808:808::1", "3fff::1"] {
            assert!(!public(text), "{text}");
        }
    }

    #[test]
    fn of_thousands_of_addresses_few_of_each_family_are_looked_at_and_the_same_by_the_same_draw() {
        let four = (0..4000_u32).map(|number| IpAddr::from(Ipv4Addr::from(0x0808_0000 + number)));
        let six = (0..2000_u128).map(|number| IpAddr::from(Ipv6Addr::from((0x2600 << 112) + number)));
        let mut all: Vec<_> = four.chain(six).chain(["10.0.0.1", "::1"].map(|text| text.parse().unwrap())).collect();
        let mut orders = Vec::new();
        for _ in 0..2 {
            let looked_at = std::cell::Cell::new(0);
            let is_own = |address: IpAddr| {
                looked_at.set(looked_at.get() + 1);
                !is_public(address)
            };
            let found = chosen(all.clone(), 8, &mut fastrand::Rng::with_seed(7), is_own);
            assert_eq!((looked_at.get(), found.iter().filter(|address| address.is_ipv6()).count()), (16, 8));
            orders.push(found);
            all.reverse();
        }
        assert_eq!(orders[0], orders[1], "whatever the order of the answer");
        let own: IpAddr = "8.8.8.8".parse().unwrap();
        assert_eq!(
            chosen(vec![own], 8, &mut fastrand::Rng::with_seed(7), |address| address == own),
            Vec::<IpAddr>::new()
        );
    }

    #[test]
    fn loopback_and_what_this_machine_sends_from_are_its_own_and_a_multicast_group_is_not() {
        assert!(is_own("127.0.0.1".parse().unwrap()) && is_own("127.1.2.3".parse().unwrap()));
        assert!(!is_own("224.0.0.251".parse().unwrap()));
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        if socket.connect("8.8.8.8:25").is_ok() {
            assert!(is_own(socket.local_addr().unwrap().ip()));
        }
    }
}
