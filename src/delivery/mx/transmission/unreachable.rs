//! Addresses with which no session could be opened a moment ago: they are tried last, or a host that swallows every packet
//! would cost each mail to its site the time of a connection.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const FOR: Duration = Duration::from_secs(60);
/// Addresses that are known; while there are more, the others are tried in their order.
const MAX_KNOWN: usize = 1000;

/// When each may be tried in its order again.
#[derive(Default)]
pub(super) struct Unreachable(Mutex<HashMap<SocketAddr, Instant>>);

impl Unreachable {
    pub(super) fn note(&self, address: SocketAddr) {
        let (mut known, now) = (self.lock(), Instant::now());
        if known.len() == MAX_KNOWN {
            known.retain(|_, until| *until > now);
        }
        if known.len() < MAX_KNOWN {
            known.insert(address, now + FOR);
        }
    }

    pub(super) fn forget(&self, address: SocketAddr) {
        self.lock().remove(&address);
    }

    pub(super) fn has(&self, address: SocketAddr) -> bool {
        self.lock().get(&address).is_some_and(|until| *until > Instant::now())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_is_known_for_a_minute_or_until_it_is_reached() {
        let unreachable = Unreachable::default();
        [1, 2].into_iter().for_each(|port| unreachable.note(address(port)));
        unreachable.forget(address(2));
        assert_eq!([1, 2, 3].map(|port| unreachable.has(address(port))), [true, false, false]);
        tokio::time::advance(Duration::from_millis(59_999)).await;
        assert!(unreachable.has(address(1)));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!unreachable.has(address(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_addresses_are_known_and_old_ones_make_room() {
        let unreachable = Unreachable::default();
        (0..1001).for_each(|port| unreachable.note(address(port)));
        assert_eq!((unreachable.has(address(999)), unreachable.has(address(1000))), (true, false));
        tokio::time::advance(FOR).await;
        unreachable.note(address(1000));
        assert_eq!((unreachable.has(address(1000)), unreachable.lock().len()), (true, 1));
    }
}
