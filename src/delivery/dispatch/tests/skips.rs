//! Upstreams that a mail is not offered to: what they cannot carry, and senders that they have refused.

use super::*;

const ANY: Capabilities = Capabilities::ANY;
const SMALL: Capabilities = Capabilities { recipients: 2, size: 10, ..ANY };

fn large() -> Message {
    let to = vec!["b@example.org".parse().unwrap()];
    Message::new(
        crate::runtime::ids::fresh().into(),
        "a@example.org".parse().unwrap(),
        Draft { to, text: "eleven byte".parse().ok(), ..Draft::default() },
    )
    .unwrap()
}

fn many() -> Message {
    let to = ["b@example.org", "c@example.org", "d@example.org"].map(|to| to.parse().unwrap()).into();
    Message::new(
        crate::runtime::ids::fresh().into(),
        "a@example.org".parse().unwrap(),
        Draft { to, ..Draft::default() },
    )
    .unwrap()
}

fn over(failover: Failover, scripts: &[(Capabilities, &[Act])]) -> Fixture {
    Fixture::of(failover, Strategy::Priority, 1, scripts)
}

#[tokio::test(start_paused = true)]
async fn incapable_upstream_is_skipped_whatever_the_failover() {
    for failover in [Failover::Never, Failover::Safe] {
        for (message, reason) in [(large(), Reason::Size), (many(), Reason::Recipients)] {
            let fixture = over(failover, &[(SMALL, &[]), (ANY, &[Act::Say(Outcome::Accepted)])]);
            let receipt = fixture.send_mail(message).await.expect("the other carries it");
            assert_eq!(words(&receipt.attempts), ["u0:not_capable", "u1:accepted"]);
            assert_eq!((receipt.attempts[0].verdict.reason, receipt.attempts[0].took), (reason, None));
            assert!(fixture.upstreams[0].snapshot().admits());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn mail_that_no_upstream_can_carry_is_not_capable() {
    let fixture = over(Failover::Safe, &[(SMALL, &[]), (SMALL, &[])]);
    let error = fixture.send_mail(large()).await.expect_err("none can");
    assert_eq!(error.failure, Failure::NotCapable);
    assert_eq!(words(&error.attempts), ["u0:not_capable", "u1:not_capable"]);
}

#[tokio::test(start_paused = true)]
async fn open_circuit_gives_hope_only_to_mail_that_it_could_carry() {
    for (second, expected) in [(ANY, Failure::NotNow { retry_after: 5 * SECOND }), (SMALL, Failure::NotCapable)] {
        let fixture = over(Failover::Safe, &[(SMALL, &[]), (second, &[])]);
        for upstream in &fixture.upstreams {
            assert!(upstream.override_circuit(Override::Open));
        }
        let error = fixture.send_mail(large()).await.expect_err("all are open");
        assert_eq!(error.failure, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn refused_sender_is_skipped_while_held_and_the_circuit_stays_closed() {
    let refuses = [Act::Say(Outcome::SenderRejected), Act::Say(Outcome::Accepted)];
    let fixture = over(Failover::Safe, &[(ANY, &refuses), (ANY, &[Act::Say(Outcome::Accepted); 2])]);
    for calls in [[1, 1], [1, 2]] {
        let receipt = fixture.send().await.expect("the second takes it");
        assert_eq!(words(&receipt.attempts), ["u0:sender_rejected", "u1:accepted"]);
        assert_eq!(fixture.calls(), calls);
    }
    let first = &fixture.upstreams[0];
    assert!(first.snapshot().admits());
    assert_eq!(first.held_senders(), [("example.org".to_owned(), 600 * SECOND)]);
    let receipt = fixture.send_mail(mail("a@other.example")).await.expect("another sender");
    assert_eq!(words(&receipt.attempts), ["u0:accepted"]);
}

#[tokio::test(start_paused = true)]
async fn held_sender_is_offered_again_when_its_time_is_over() {
    let acts = [Act::Say(Outcome::SenderRejected), Act::Say(Outcome::SenderRejected), Act::Say(Outcome::Accepted)];
    let fixture = over(Failover::Safe, &[(ANY, &acts)]);
    for _ in 0..2 {
        assert_eq!(fixture.failure().await, Failure::SenderRejected, "asked");
        assert_eq!(fixture.failure().await, Failure::SenderRejected, "held");
        tokio::time::advance(600 * SECOND).await;
    }
    assert!(fixture.send().await.is_ok());
    assert_eq!(fixture.calls(), [3]);
}

#[tokio::test(start_paused = true)]
async fn sender_held_everywhere_is_refused_though_a_circuit_is_open() {
    let fixture = over(Failover::Safe, &[(ANY, &[Act::Say(Outcome::SenderRejected)])]);
    assert_eq!(fixture.failure().await, Failure::SenderRejected);
    assert!(fixture.upstreams[0].override_circuit(Override::Open));
    assert_eq!(fixture.failure().await, Failure::SenderRejected);
}
