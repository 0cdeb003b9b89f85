//! Where nodes can be called: one that is killed cannot, until it is started again.

use std::net::SocketAddr;

use tokio::sync::watch;

use super::call::Life;

/// Where one process of a node listens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listener {
    pub(super) api: SocketAddr,
    pub(super) life: Life,
}

/// Those of all nodes, as they are now; nothing for one that is killed.
#[derive(Clone)]
pub(super) struct Listeners(watch::Receiver<Vec<Option<Listener>>>);

impl Listeners {
    pub(super) fn new(all: watch::Receiver<Vec<Option<Listener>>>) -> Self {
        Self(all)
    }

    /// One of those that can be called, by any number; waits until there is one.
    pub(super) async fn pick(&mut self, number: usize) -> Listener {
        let is_open = |all: &Vec<Option<Listener>>| all.iter().any(Option::is_some);
        let all = self.0.wait_for(is_open).await.expect("the nodes outlive their callers");
        let open: Vec<_> = all.iter().flatten().collect();
        *open[number % open.len()]
    }

    /// Is it in this life still?
    pub(super) fn lives(&self, life: Life) -> bool {
        self.0.borrow()[life.node].is_some_and(|listener| listener.life == life)
    }
}
