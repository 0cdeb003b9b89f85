//! Calls that want to hand a mail over.

use std::sync::Arc;

use futures_util::future::join_all;

use super::bench::*;

pub(in crate::state::answers) async fn a_key_is_in_flight_once(bench: &Bench) {
    assert_eq!(bench.begin(1, 1).await, Begun::InFlight);
    bench.advance(5 * SECOND).await;
    assert_eq!(bench.finds(1).await, Begun::Elsewhere { left: LEASE - 5 * SECOND });
    assert_eq!(bench.begin(2, 2).await, Begun::InFlight, "another key");
}

pub(in crate::state::answers) async fn the_same_call_may_begin_again(bench: &Bench) {
    for _ in 0..2 {
        assert_eq!(bench.begin(1, 1).await, Begun::InFlight);
    }
    assert_eq!(bench.end(1, 1, accepted("a")).await, Settled::Written);
    assert_eq!(bench.begin(1, 1).await, held(1, Recorded::Accepted, Some("a"), Duration::ZERO), "it has ended");
}

pub(in crate::state::answers) async fn a_record_in_flight_whose_lease_is_over_is_unknown_and_never_free(bench: &Bench) {
    assert_eq!(bench.begin(1, 1).await, Begun::InFlight);
    bench.advance(LEASE - Duration::from_millis(1)).await;
    assert_eq!(bench.finds(1).await, Begun::Elsewhere { left: Duration::from_millis(1) });
    bench.advance(Duration::from_millis(1)).await;
    for wait in [KEPT - SECOND, Duration::ZERO] {
        assert_eq!(bench.finds(1).await, held(1, Recorded::Unknown, None, Duration::ZERO));
        assert_eq!(bench.store().sweep(10).await, Ok(0));
        bench.advance(wait).await;
    }
    bench.advance(SECOND).await;
    assert_eq!(bench.begin(1, 2).await, Begun::InFlight, "a day later");
}

pub(in crate::state::answers) async fn another_message_under_a_key_is_refused(bench: &Bench) {
    let other = NewCall { id: id(9), ..call(1, 2) };
    assert_eq!(bench.begin(1, 1).await, Begun::InFlight);
    for end in [None, Some(unknown("u")), Some(accepted("a"))] {
        if let Some(end) = end {
            assert_eq!(bench.end(1, 1, end).await, Settled::Written);
        }
        assert_eq!(bench.store().begin(other.clone()).await, Ok(Begun::Reused));
    }
    bench.advance(KEPT).await;
    assert_eq!(bench.store().begin(other).await, Ok(Begun::InFlight), "the key is free");
    assert_eq!(bench.finds(1).await, Begun::Reused);
}

pub(in crate::state::answers) async fn a_key_is_free_a_day_after_the_end(bench: &Bench) {
    bench.ended(1, 1, accepted("a")).await;
    bench.ended(2, 2, unknown("u")).await;
    bench.ended(3, 3, End::Queued).await;
    bench.advance(KEPT - SECOND).await;
    assert_eq!(bench.finds(1).await, held(1, Recorded::Accepted, Some("a"), KEPT - SECOND));
    assert_eq!(bench.finds(2).await, held(2, Recorded::Unknown, Some("u"), KEPT - SECOND));
    assert_eq!(bench.finds(3).await, held(3, Recorded::Queued, None, KEPT - SECOND));
    bench.advance(SECOND).await;
    for key in [1, 2, 3] {
        assert_eq!(bench.begin(key, 100 + u128::from(key)).await, Begun::InFlight);
        bench.advance(SECOND).await;
        assert_eq!(bench.finds(key).await, Begun::Elsewhere { left: LEASE - SECOND });
    }
}

pub(in crate::state::answers) async fn one_of_many_racing_repeats_begins(bench: &Bench) {
    for key in 1..=8 {
        let racing = (1..=64_u128).map(|of| {
            let store = Arc::clone(&bench.nodes[of as usize % bench.nodes.len()]);
            async move { store.begin(call(key, of)).await }
        });
        let begun = join_all(racing).await;
        let (first, others): (Vec<_>, Vec<_>) = begun.into_iter().partition(|begun| *begun == Ok(Begun::InFlight));
        assert_eq!(first.len(), 1, "{others:?}");
        assert!(others.iter().all(|other| matches!(other, Ok(Begun::Elsewhere { .. }))), "{others:?}");
    }
}

pub(in crate::state::answers) async fn calls_at_the_same_moment_have_answers_of_their_own(bench: &Bench) {
    bench.ended(1, 1, accepted("one")).await;
    bench.ended(2, 2, unknown("two")).await;
    let store = bench.store();
    let begun = join_all((1..=200).map(|key| store.begin(call(key, 1000 + u128::from(key))))).await;
    for (key, begun) in (1..=200).zip(&begun) {
        let expected = match key {
            1 => held(1, Recorded::Accepted, Some("one"), Duration::ZERO),
            2 => held(2, Recorded::Unknown, Some("two"), Duration::ZERO),
            _ => Begun::InFlight,
        };
        assert_eq!(*begun, Ok(expected), "{key}");
    }
    let ends = |key: u8| match key % 4 {
        0 => accepted(&key.to_string()),
        1 => unknown(&key.to_string()),
        2 => End::None,
        _ => End::Queued,
    };
    let settled = join_all((1..=200).map(|key| store.end(id(key), number(1000 + u128::from(key)), ends(key)))).await;
    let written = settled.iter().filter(|one| **one == Ok(Settled::Written)).count();
    assert_eq!(written, 198, "but the two that were not in flight");
    for key in 3..=200 {
        let (of, word) = (1000 + u128::from(key), key.to_string());
        let expected = match key % 4 {
            0 => held(of, Recorded::Accepted, Some(&word), Duration::ZERO),
            1 => held(of, Recorded::Unknown, Some(&word), Duration::ZERO),
            2 => Begun::InFlight,
            _ => held(of, Recorded::Queued, None, Duration::ZERO),
        };
        assert_eq!(bench.begin(key, 999).await, expected, "{key}");
    }
}
