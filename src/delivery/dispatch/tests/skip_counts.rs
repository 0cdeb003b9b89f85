//! What `smsp_skipped_total` counts: each mail once at an upstream that it was not handed to.

use super::*;
use crate::delivery::upstream;

const ANY: Capabilities = Capabilities::ANY;

/// The counts above 0 of an upstream, `reason:count`.
fn counts(fixture: &Fixture, upstream: usize) -> Vec<String> {
    let series = format!("smsp_skipped_total{{upstream=\"u{upstream}\",reason=\"");
    let page = fixture.metrics.render();
    let counts = page.lines().filter_map(|line| line.strip_prefix(&series)?.split_once("\"} "));
    counts.filter(|(_, count)| *count != "0").map(|(reason, count)| format!("{reason}:{count}")).collect()
}

#[tokio::test(start_paused = true)]
async fn open_circuit_counts_each_mail_that_ends_without_it() {
    let fixture = Fixture::new(Failover::Safe, &[&[], &[Act::Say(Outcome::Accepted); 2]]);
    assert!(fixture.upstreams[0].override_circuit(Override::Open));
    for _ in 0..2 {
        assert!(fixture.send().await.is_ok());
    }
    assert!(fixture.upstreams[1].override_circuit(Override::Open));
    assert!(fixture.send().await.is_err());
    assert_eq!(
        (counts(&fixture, 0), counts(&fixture, 1)),
        (vec!["circuit:3".to_owned()], vec!["circuit:1".to_owned()])
    );
}

#[tokio::test(start_paused = true)]
async fn open_circuit_that_has_the_mail_or_had_it_counts_nothing() {
    let fixture = Fixture::new(Failover::Safe, &[&[Act::Say(Outcome::Unavailable)], &[Act::Say(Outcome::Accepted)]]);
    assert!(fixture.send().await.is_ok());
    assert!(!fixture.upstreams[0].snapshot().admits(), "the mail has opened it");
    assert_eq!((counts(&fixture, 0), counts(&fixture, 1)), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn circuit_that_closes_in_time_for_the_mail_counts_nothing() {
    let refuses = Act::SayAfter(3 * SECOND, Outcome::Unlisted);
    let fixture = Fixture::new(Failover::Safe, &[&[Act::Say(Outcome::Accepted)], &[refuses]]);
    assert!(fixture.upstreams[0].override_circuit(Override::Open));
    let order = async {
        tokio::time::sleep(SECOND).await;
        assert!(fixture.upstreams[0].override_circuit(Override::Auto));
    };
    let (result, ()) = tokio::join!(fixture.send(), order);
    assert_eq!(words(&result.expect("accepted").attempts), ["u1:unlisted", "u0:accepted"]);
    assert_eq!((counts(&fixture, 0), counts(&fixture, 1)), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn mail_that_an_open_upstream_could_not_carry_counts_as_that_alone() {
    let small = Capabilities { recipients: 0, ..ANY };
    let fixture = Fixture::of(Failover::Safe, Strategy::Priority, 1, &[(small, &[])]);
    assert!(fixture.upstreams[0].override_circuit(Override::Open));
    assert_eq!(fixture.failure().await, Failure::NotCapable);
    assert_eq!(counts(&fixture, 0), ["not_capable:1"]);
}

#[tokio::test(start_paused = true)]
async fn open_upstream_that_could_not_carry_a_mail_counts_nothing_if_another_takes_it() {
    let small = Capabilities { recipients: 0, ..ANY };
    let accepts = [Act::Say(Outcome::Accepted)];
    let fixture = Fixture::of(Failover::Safe, Strategy::Priority, 1, &[(small, &[]), (ANY, &accepts)]);
    assert!(fixture.upstreams[0].override_circuit(Override::Open));
    assert!(fixture.send().await.is_ok());
    assert_eq!(counts(&fixture, 0), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn upstream_that_a_mail_does_not_come_to_counts_nothing() {
    let small = Capabilities { recipients: 0, ..ANY };
    let accepts = [Act::Say(Outcome::Accepted)];
    let fixture = Fixture::of(Failover::Safe, Strategy::Priority, 1, &[(ANY, &accepts), (small, &[])]);
    assert!(fixture.send().await.is_ok());
    assert_eq!((counts(&fixture, 0), counts(&fixture, 1)), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn repeat_without_time_is_no_skip_and_no_second_mail_of_the_last_minute() {
    let once = Capabilities { idempotency_window: Some(Duration::from_secs(1500)), ..ANY };
    let late = [Act::SayAfter(4 * SECOND, Outcome::Unlisted)];
    for (first, repeats) in [(&late[..], 0), (&[Act::Say(Outcome::Unlisted)], 1)] {
        let silent = [Act::Hang; 2];
        let fixture = Fixture::of(Failover::Safe, Strategy::Priority, 100, &[(ANY, first), (once, &silent)]);
        assert_eq!(fixture.failure().await, Failure::Unknown);
        assert_eq!(fixture.calls(), [1, 1 + repeats]);
        assert_eq!((counts(&fixture, 1), fixture.upstreams[1].mails_of_last_minute()), (vec![], 1));
    }
}

#[tokio::test(start_paused = true)]
async fn open_upstream_whose_rates_are_used_up_counts_as_circuit_whatever_becomes_of_the_mail() {
    let accepts = [Act::Say(Outcome::Accepted); 2];
    let rate = |index: usize, settings: &mut upstream::Settings| {
        settings.quota.rates = (index == 0).then(|| "1/h".parse().unwrap());
    };
    let scripts = [(ANY, &accepts[..]), (ANY, &accepts[..])];
    let fixture = Fixture::tuned(Failover::Safe, Strategy::Priority, 1, &scripts, rate);
    assert!(fixture.send().await.is_ok());
    assert!(fixture.upstreams[0].is_spent() && fixture.upstreams[0].override_circuit(Override::Open));
    assert!(fixture.send().await.is_ok());
    assert_eq!((fixture.calls(), counts(&fixture, 0)), (vec![1, 1], vec!["circuit:1".to_owned()]));
    assert!(fixture.upstreams[1].override_circuit(Override::Open));
    assert!(fixture.send().await.is_err());
    assert_eq!(counts(&fixture, 0), ["circuit:2"]);
}
