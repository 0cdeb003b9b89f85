//! Calls of one node that wait for each other, and a transaction that panics.

use futures_util::future::join;
use tokio::sync::Notify;

use super::*;

/// Answers a number with itself, alone in its transaction, and panics at the others once it is told to.
#[derive(Default)]
struct Panicking(Notify);

/// At this number.
const FAULT: u32 = 0;

impl Together for Panicking {
    type Call = u32;
    type Answer = u32;

    const WORKERS: usize = 1;

    fn size(_: &u32) -> Size {
        Size::ROW
    }

    fn fit(_: &u32, _: &u32) -> bool {
        false
    }

    async fn carry_out(&self, calls: &[&u32]) -> Result<Vec<Option<u32>>, Undone> {
        if *calls[0] == FAULT {
            self.0.notified().await;
            panic!("a fault of ours");
        }
        Ok(calls.iter().map(|call| Some(**call)).collect())
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_wait_behind_one_that_panics_are_carried_out_and_the_panic_is_counted() {
    let restarts = Arc::<Restarts>::default();
    let grouped = Grouped::new(Panicking::default(), &restarts);
    for round in 1..=3 {
        assert!(!restarts.are_too_many(), "{round}");
        let fault = async {
            let (answer, ()) = join(grouped.call(FAULT), async { grouped.0.work.0.notify_one() }).await;
            answer
        };
        let waiting = tokio::time::timeout(std::time::Duration::from_secs(30), grouped.call(round));
        let (fault, waiting) = join(fault, waiting).await;
        assert_eq!((fault, waiting), (Err(Failed::Unclear), Ok(Ok(round))), "{round}");
    }
    assert!(restarts.are_too_many(), "three within a minute");
}
