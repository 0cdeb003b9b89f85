//! What calls came to.

use super::bench::*;

pub(in crate::state::answers) async fn what_a_call_came_to_is_held(bench: &Bench) {
    for (key, end, expected) in [
        (1, accepted("a"), held(1, Recorded::Accepted, Some("a"), 3 * SECOND)),
        (2, End::Accepted(None), held(2, Recorded::Accepted, None, 3 * SECOND)),
        (3, unknown("u"), held(3, Recorded::Unknown, Some("u"), 3 * SECOND)),
        (4, End::Queued, held(4, Recorded::Queued, None, 3 * SECOND)),
    ] {
        bench.ended(key, key.into(), end).await;
        bench.advance(3 * SECOND).await;
        assert_eq!(bench.finds(key).await, expected);
    }
}

pub(in crate::state::answers) async fn a_none_frees_the_key(bench: &Bench) {
    bench.ended(1, 1, End::None).await;
    assert_eq!(bench.begin(1, 2).await, Begun::InFlight);
    assert_eq!(bench.end(1, 1, End::None).await, Settled::Gone, "the key is another call's by now");
    assert_eq!(bench.finds(1).await, Begun::Elsewhere { left: LEASE });
}

pub(in crate::state::answers) async fn an_end_needs_the_number_of_its_call(bench: &Bench) {
    assert_eq!(bench.begin(1, 1).await, Begun::InFlight);
    for end in [accepted("a"), unknown("u"), End::Queued, End::None, End::AsBefore] {
        assert_eq!(bench.end(1, 2, end.clone()).await, Settled::Gone, "{end:?}");
        assert_eq!(bench.end(2, 1, end).await, Settled::Gone);
    }
    assert_eq!(bench.finds(1).await, Begun::Elsewhere { left: LEASE });
}

pub(in crate::state::answers) async fn what_is_certain_does_not_change_and_what_is_unknown_does(bench: &Bench) {
    for (key, certain) in [(1, accepted("a")), (2, End::Queued)] {
        let of = u128::from(key);
        bench.ended(key, of, unknown("u")).await;
        bench.advance(SECOND).await;
        assert_eq!(bench.end(key, of, unknown("less")).await, Settled::Written);
        assert_eq!(bench.finds(key).await, held(of, Recorded::Unknown, Some("less"), Duration::ZERO));
        assert_eq!(bench.end(key, of, certain).await, Settled::Written);
        let before = bench.finds(key).await;
        for end in [unknown("u"), End::None, accepted("other"), End::AsBefore] {
            assert_eq!(bench.end(key, of, end.clone()).await, Settled::Gone, "{end:?}");
        }
        assert_eq!(bench.finds(key).await, before);
    }
    bench.ended(3, 3, unknown("u")).await;
    assert_eq!(bench.end(3, 3, End::None).await, Settled::Written, "nobody has it after all");
    assert_eq!(bench.begin(3, 4).await, Begun::InFlight);
}

pub(in crate::state::answers) async fn a_call_after_its_lease_may_still_say_what_it_came_to(bench: &Bench) {
    assert_eq!(bench.begin(1, 1).await, Begun::InFlight);
    bench.advance(2 * LEASE).await;
    assert_eq!(bench.end(1, 1, accepted("a")).await, Settled::Written);
    assert_eq!(bench.finds(1).await, held(1, Recorded::Accepted, Some("a"), Duration::ZERO));
}

pub(in crate::state::answers) async fn a_call_that_did_not_hand_over_is_undone(bench: &Bench) {
    bench.ended(1, 1, End::AsBefore).await;
    assert_eq!(bench.begin(1, 2).await, Begun::InFlight);
    assert_eq!(bench.end(1, 1, End::AsBefore).await, Settled::Gone);
    assert_eq!(bench.end(1, 2, unknown("u")).await, Settled::Written);
    assert_eq!(bench.end(1, 2, End::AsBefore).await, Settled::Gone, "it has said something");
    assert_eq!(bench.finds(1).await, held(2, Recorded::Unknown, Some("u"), Duration::ZERO));
}
