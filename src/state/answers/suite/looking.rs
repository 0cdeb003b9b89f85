//! What is seen of mails by their ids, and what is dropped.

use super::bench::*;

pub(in crate::state::answers) async fn another_callers_mail_is_as_unknown_as_none(bench: &Bench) {
    bench.ended(1, 1, accepted("a")).await;
    bench.store().note("other".into(), id(2), number(2), sealed("n")).await.expect("the store is there");
    for (caller, key) in [("other", 1), (CALLER, 2), (CALLER, 3)] {
        assert_eq!(bench.store().look(caller.into(), id(key)).await, Ok(None), "{caller} {key}");
    }
}

pub(in crate::state::answers) async fn what_is_seen_is_what_is_known(bench: &Bench) {
    let look = async |key| bench.store().look(CALLER.into(), id(key)).await.expect("the store is there");
    assert_eq!(bench.begin(1, 1).await, Begun::InFlight);
    assert_eq!(look(1).await, Some(CallState::InFlight));
    bench.advance(LEASE).await;
    let seen = |of, state, word: Option<&str>| match held(of, state, word, Duration::ZERO) {
        Begun::Held(record) => Some(CallState::Ended(*record)),
        _ => None,
    };
    assert_eq!(look(1).await, seen(1, Recorded::Unknown, None));
    for (key, end, state, word) in [
        (2, accepted("a"), Recorded::Accepted, Some("a")),
        (3, unknown("u"), Recorded::Unknown, Some("u")),
        (4, End::Queued, Recorded::Queued, None),
    ] {
        bench.ended(key, key.into(), end).await;
        assert_eq!(look(key).await, seen(key.into(), state, word));
    }
    bench.ended(5, 5, End::None).await;
    assert_eq!(look(5).await, None);
    bench.store().note(CALLER.into(), id(6), number(6), sealed("n")).await.expect("the store is there");
    let Some(CallState::Ended(noted)) = look(6).await else { panic!("it was noted") };
    assert_eq!((noted.state, noted.answer), (Recorded::Unknown, Some(sealed("n"))));
    assert_eq!(bench.end(6, 7, accepted("l")).await, Settled::Gone, "another call has nothing to say of it");
    assert_eq!(bench.end(6, 6, accepted("l")).await, Settled::Written);
    assert_eq!(look(6).await, seen(6, Recorded::Accepted, Some("l")), "a late verdict");
    bench.advance(KEPT).await;
    for key in 2..=6 {
        assert_eq!(look(key).await, None, "{key} is over");
    }
}

pub(in crate::state::answers) async fn what_is_over_is_dropped_in_steps_and_nothing_else(bench: &Bench) {
    for key in 1..=5 {
        bench.ended(key, key.into(), accepted("a")).await;
    }
    bench.store().note(CALLER.into(), id(6), number(6), sealed("n")).await.expect("the store is there");
    bench.advance(KEPT / 2).await;
    bench.ended(7, 7, accepted("a")).await;
    assert_eq!(bench.begin(8, 8).await, Begun::InFlight);
    bench.advance(KEPT / 2).await;
    for swept in [4, 2, 0] {
        assert_eq!(bench.store().sweep(4).await, Ok(swept));
    }
    assert_eq!(bench.finds(7).await, held(7, Recorded::Accepted, Some("a"), KEPT / 2));
    assert!(matches!(bench.finds(8).await, Begun::Held(_)));
}
