//! What is counted of the calls to a store.

use super::bench::*;

impl Bench {
    async fn left_unknown(&self, number: u8) -> Hold {
        self.accept(vec![row(number)]).await;
        let hold = self.claim_one(node(1)).await;
        self.marked(&hold).await;
        self.end(&hold, unknown(Duration::ZERO)).await;
        hold
    }

    #[track_caller]
    fn has_counted(&self, expected: &[(&str, u64)]) {
        for (name, number) in expected {
            assert_eq!(self.counted(name), *number, "{name}");
        }
    }
}

pub(in super::super) async fn the_time_of_the_store_is_known_and_waits_are_told_by_it(bench: &Bench) {
    bench.accept(vec![row(1)]).await;
    bench.advance(SILENCE).await;
    bench.outbox.heartbeat(node(1)).await.unwrap();
    let off = bench.time.now().await.0.abs_diff(bench.outbox.now().0);
    assert!(off < 10_000, "the clock of this machine shows another time: {off}");
    bench.claim_one(node(1)).await;
    let page = bench.metrics.render();
    let waited = page.lines().find_map(|line| line.strip_prefix("smsp_outbox_wait_seconds_sum ")?.parse::<f64>().ok());
    assert!(waited.is_some_and(|waited| (waited - SILENCE.as_secs_f64()).abs() < 10.0), "{waited:?}");
}

pub(in super::super) async fn late_verdicts_and_replays_are_counted_by_what_they_settle(bench: &Bench) {
    let hold = bench.left_unknown(1).await;
    let late = Verdict { late: true, ..verdict("mg", Outcome::Accepted) };
    let ended = Ended::Accepted { verdicts: vec![late], possible_duplicate: false };
    assert_eq!(bench.end(&hold, ended).await, Some(State::Accepted));
    bench.has_counted(&[
        ("smsp_outbox_late_total{outcome=\"accepted\"}", 1),
        ("smsp_outbox_late_total", 1),
        ("smsp_outbox_replayed_total", 0),
    ]);
    bench.left_unknown(2).await;
    for (ended, state) in [(unknown(Duration::ZERO), State::Unknown), (accepted(), State::Accepted)] {
        let replayed = bench.outbox.replay(node(1), "mg", ALL).await.unwrap();
        assert_eq!(bench.end(&replayed[0].hold, ended).await, Some(state));
    }
    bench.has_counted(&[
        ("smsp_outbox_replayed_total{outcome=\"accepted\"}", 1),
        ("smsp_outbox_replayed_total{outcome=\"unknown\"}", 1),
        ("smsp_outbox_late_total", 1),
        ("smsp_outbox_ended_total{outcome=\"accepted\"}", 2),
        ("smsp_outbox_wait_seconds_count", 2),
    ]);
}

pub(in super::super) async fn what_is_lost_refused_and_buried_is_counted(bench: &Bench) {
    let hold = bench.one_claimed().await;
    bench.advance(SILENCE).await;
    bench.bury().await.unwrap();
    assert!(!bench.marked(&hold).await);
    assert_eq!(bench.end(&hold, refused()).await, None);
    assert_eq!(bench.outbox.give_back(&[hold]).await, Ok(0));
    let no_room = Room { rows: 1, ..ROOM };
    let batch = Batch { room: no_room, ..batch(vec![row(2)]) };
    bench.outbox.accept(batch).await.unwrap();
    bench.claim_one(node(1)).await;
    bench.has_counted(&[
        ("smsp_outbox_buried_total{to=\"queued\"}", 1),
        ("smsp_outbox_marks_refused_total", 1),
        ("smsp_outbox_fences_lost_total", 2),
        ("smsp_outbox_full_total{limit=\"rows\"}", 1),
        ("smsp_outbox_accepted_total", 1),
        // Its second claim is not its first.
        ("smsp_outbox_wait_seconds_count", 1),
    ]);
}
