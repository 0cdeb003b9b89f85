//! What is asked after every test: no row waits for ever.

use super::bench::*;

const LONGER_THAN_ANY_MAIL_IS_WANTED: Duration = Duration::from_secs(60 * 24 * 3600);

impl Bench {
    /// No row waits for ever: once the nodes of the test are dead, none is in hand, and each has a time at which it ends and
    /// is dropped.
    pub(in crate::state::outbox) async fn nothing_waits_for_ever(&self) {
        assert_eq!(self.left_for_ever().await, [], "these rows wait for ever");
    }

    /// What is left once all nodes but one are dead, and all times have come.
    pub(super) async fn left_for_ever(&self) -> Vec<Count> {
        self.advance(SILENCE).await;
        self.outbox.heartbeat(node(99)).await.unwrap();
        self.bury().await.unwrap();
        let in_hand = |count: &Count| matches!(count.state, State::Claimed | State::Sending);
        let mut left = self.outbox.counts().await.unwrap();
        left.retain(in_hand);
        for time in [LONGER_THAN_ANY_MAIL_IS_WANTED, KEEP + DAY] {
            self.advance(time).await;
            while self.sweep(ALL).await.unwrap().more {}
        }
        left.extend(self.outbox.counts().await.unwrap().into_iter().filter(|count| !in_hand(count)));
        left
    }
}

/// The control of what is asked after every test.
pub(in super::super) async fn a_row_that_waits_for_ever_is_noticed_after_a_test(bench: &Bench) {
    bench.accept(vec![row(1)]).await;
    bench.past.want_for_ever().await;
    let left = bench.left_for_ever().await;
    assert_eq!(left.iter().map(|count| (count.state, count.rows)).collect::<Vec<_>>(), [(State::Queued, 1)]);
}
