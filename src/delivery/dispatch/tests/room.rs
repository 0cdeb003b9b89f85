//! What a way in that can wait is told of the upstreams.

use proptest::prelude::{prop_assert, proptest};

use super::super::fixture::submission;
use super::*;

fn free(fixture: &Fixture) -> Vec<(String, usize)> {
    fixture.dispatcher.rooms().into_iter().map(|room| (room.upstream.to_string(), room.free)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_quarter_of_the_places_is_kept_for_callers_that_wait() {
    let fixture = Fixture::new(Failover::Safe, &[&[], &[]]);
    let taken: Vec<_> = (0..70).map(|_| fixture.upstreams[0].concurrency_permit()).collect();
    assert_eq!(free(&fixture), [("u0".to_owned(), 5), ("u1".to_owned(), 75)]);
    let more: Vec<_> = (0..30).map(|_| fixture.upstreams[0].concurrency_permit()).collect();
    assert!(taken.iter().chain(&more).all(Option::is_some));
    assert_eq!(free(&fixture), [("u0".to_owned(), 0), ("u1".to_owned(), 75)]);
}

#[tokio::test(start_paused = true)]
async fn only_upstreams_that_take_mail_have_room_and_a_ramped_one_has_less() {
    let fixture = Fixture::new(Failover::Safe, &[&[Act::Say(Outcome::Unavailable)], &[Act::Say(Outcome::Accepted)]]);
    assert!(fixture.send().await.is_ok());
    assert_eq!(free(&fixture), [("u1".to_owned(), 75)]);
    close(&fixture.upstreams[0]);
    assert_eq!(free(&fixture), [("u0".to_owned(), 8), ("u1".to_owned(), 75)], "a tenth of it");
}

fn close(upstream: &Upstream) {
    upstream.begin_probing();
    let permit = upstream.admit_probe().expect("half open");
    assert!(!upstream.settle_probe(permit, &Verdict::new(Outcome::Accepted, Reason::Mock), false));
}

#[tokio::test(start_paused = true)]
async fn how_long_no_upstream_is_usable_is_told() {
    let fail = [Act::Say(Outcome::Unavailable)];
    let fixture = Fixture::new(Failover::Safe, &[&fail, &fail]);
    assert_eq!(fixture.dispatcher.until_usable(), Some(Duration::ZERO));
    assert!(fixture.send().await.is_err());
    assert_eq!(fixture.dispatcher.until_usable(), Some(5 * SECOND));
    fixture.upstreams[0].schedule_probe(60 * SECOND);
    fixture.upstreams[1].override_circuit(Override::Open);
    assert_eq!(fixture.dispatcher.until_usable(), Some(60 * SECOND));
    fixture.upstreams[0].override_circuit(Override::Open);
    assert_eq!(fixture.dispatcher.until_usable(), None);
    fixture.upstreams[1].override_circuit(Override::Closed);
    assert_eq!(fixture.dispatcher.until_usable(), Some(Duration::ZERO), "an operator lets mail pass");
}

#[tokio::test(start_paused = true)]
async fn it_is_told_for_how_long_all_of_some_upstreams_have_taken_no_mail() {
    let fixture =
        Fixture::new(Failover::Safe, &[&[Act::Say(Outcome::Unavailable)], &[Act::Say(Outcome::Accepted)], &[]]);
    let unusable_for = |names: &[&str]| fixture.dispatcher.unusable_for(names.iter().copied());
    assert!(fixture.send().await.is_ok());
    assert_eq!(unusable_for(&["u0"]), Some(Duration::ZERO));
    tokio::time::advance(60 * SECOND).await;
    fixture.upstreams[2].override_circuit(Override::Open);
    tokio::time::advance(SECOND).await;
    assert_eq!((unusable_for(&["u0"]), unusable_for(&["u0", "u2"])), (Some(61 * SECOND), Some(SECOND)));
    assert_eq!(
        (unusable_for(&["u0", "u1"]), unusable_for(&["gone"])),
        (None, None),
        "one takes mail, or may elsewhere"
    );
    assert_eq!(unusable_for(&[]), Some(Duration::MAX));
    fixture.upstreams[0].begin_probing();
    assert_eq!(unusable_for(&["u0"]), Some(61 * SECOND));
    fixture.upstreams[2].override_circuit(Override::Auto);
    assert_eq!(unusable_for(&["u0", "u2"]), None);
}

#[tokio::test(start_paused = true)]
async fn any_circuit_that_changes_wakes_who_waits() {
    let fixture = Fixture::new(Failover::Safe, &[&[], &[Act::Say(Outcome::Unavailable)]]);
    fixture.upstreams[0].override_circuit(Override::Open);
    let mut changes = fixture.dispatcher.changes();
    let quiet = tokio::time::timeout(SECOND, changes.next()).await;
    assert!(quiet.is_err(), "nothing has changed");
    assert!(fixture.send().await.is_err());
    changes.next().await;
    let (_, ()) = tokio::join!(changes.next(), async { close(&fixture.upstreams[1]) });
}

#[test]
fn eligible_upstreams_are_those_that_may_ever_have_the_mail() {
    let small = Capabilities { recipients: 0, ..Capabilities::ANY };
    let fixture = Fixture::of(Failover::Safe, Strategy::Priority, 1, &[(Capabilities::ANY, &[]), (small, &[])]);
    let submission = submission(mail("a@example.org"), SendOptions::default());
    fixture.upstreams[0].override_circuit(Override::Open);
    let eligible = fixture.dispatcher.eligible(&submission).unwrap();
    assert_eq!(eligible.upstreams, ["u0".into()], "a circuit is a matter of now");
}

#[tokio::test(start_paused = true)]
async fn mail_that_no_upstream_may_ever_have_is_refused_as_if_it_were_sent_now() {
    let small = Capabilities { recipients: 0, ..Capabilities::ANY };
    let fixture = Fixture::of(Failover::Safe, Strategy::Priority, 1, &[(Capabilities::ANY, &[]), (small, &[])]);
    let submission = submission(mail("a@example.org"), SendOptions::default());
    fixture.dispatcher.replace_rules(Rules::read("caller=* -> u1!", &["u0".into(), "u1".into()]).unwrap());
    let told = |error: SendError| {
        let attempts: Vec<_> = error.attempts.into_iter().map(|attempt| (attempt.upstream, attempt.verdict)).collect();
        (error.id, error.failure, error.rule, attempts)
    };
    let sent = told(fixture.dispatcher.send(&submission, None).await.unwrap_err());
    let refused = told(fixture.dispatcher.eligible(&submission).unwrap_err());
    assert_eq!((refused.1, refused.3.len()), (Failure::NotCapable, 1), "{refused:?}");
    assert_eq!(refused, sent);
    fixture.dispatcher.replace_rules(Rules::default());
    assert!(fixture.dispatcher.eligible(&submission).is_ok());
}

#[test]
fn other_rules_or_upstreams_are_another_version_and_the_same_ones_are_not() {
    let [one, same, more] = [1, 1, 2].map(|upstreams| Fixture::new(Failover::Safe, &vec![&[][..]; upstreams]));
    let version = |fixture: &Fixture| fixture.dispatcher.rules_version();
    let before = version(&one);
    assert_eq!((version(&same), version(&more) == before), (before, false));
    let rules = Rules::read("caller=* -> u0!", &["u0".into()]).unwrap();
    one.dispatcher.replace_rules(rules);
    let submission = submission(mail("a@example.org"), SendOptions::default());
    assert_eq!(one.dispatcher.eligible(&submission).unwrap().rules, version(&one));
    assert_ne!(version(&one), before);
    one.dispatcher.replace_rules(Rules::default());
    assert_eq!(version(&one), before);
}

#[test]
fn the_version_of_the_same_rules_is_the_same_in_each_release() {
    let fixture = Fixture::new(Failover::Safe, &[&[]]);
    // Another number: what the adapters carry has changed, and all waiting mail is filed anew.
    assert_eq!(fixture.dispatcher.rules_version(), 0xf291_0685_ce4b_3328);
}

proptest! {
    #[test]
    fn ramp_leaves_its_share_rounded_up(share in 1..=127_u8, of in 1..10_000_usize) {
        let ramped = Room::ramped(share, of);
        prop_assert!((1..=of).contains(&ramped));
        let exact = of as f64 * f64::from(share) / 127.0;
        prop_assert!((ramped as f64 - exact) < 1.0 && ramped as f64 >= exact - 1e-9, "{ramped} {exact}");
    }
}
