//! Two mails in a row that fail open a circuit early, where another upstream is ready for the mail.

use super::*;
use crate::delivery::circuit::State;

const UNKNOWN: Act = Act::Say(Outcome::Unknown);
const ONCE: Capabilities = Capabilities { idempotency_window: Some(Duration::from_secs(1500)), ..Capabilities::ANY };
const ACCEPTS: [Act; 9] = [Act::Say(Outcome::Accepted); 9];

/// How many mails fail at the first upstream before its circuit opens; it answers nothing but `unknown`.
async fn opens_after(fixture: &Fixture) -> usize {
    for mails in 0.. {
        if fixture.upstreams[0].snapshot().state == State::Open {
            return mails;
        }
        assert_eq!(fixture.failure().await, Failure::Unknown);
    }
    unreachable!("mails end by then")
}

fn over(first: (Capabilities, &[Act]), second: (Capabilities, &[Act])) -> Fixture {
    Fixture::of(Failover::Safe, Strategy::Priority, 5, &[first, second])
}

#[tokio::test(start_paused = true)]
async fn two_mails_open_a_circuit_beside_one_that_is_ready() {
    let fixture = over((Capabilities::ANY, &[UNKNOWN; 9]), (Capabilities::ANY, &ACCEPTS));
    assert_eq!(opens_after(&fixture).await, 2);
    assert!(fixture.send().await.is_ok(), "the second takes the third mail");
}

#[tokio::test(start_paused = true)]
async fn five_mails_open_a_circuit_beside_one_that_is_open_or_full() {
    let beside = || over((Capabilities::ANY, &[UNKNOWN; 9]), (Capabilities::ANY, &[]));
    let open = beside();
    assert!(open.upstreams[1].override_circuit(Override::Open));
    assert_eq!(opens_after(&open).await, 5);
    let full = beside();
    let _places: Vec<_> = std::iter::from_fn(|| full.upstreams[1].concurrency_permit()).collect();
    assert_eq!(opens_after(&full).await, 5);
}

#[tokio::test(start_paused = true)]
async fn five_mails_open_a_circuit_beside_one_that_cannot_carry_them() {
    let none = Capabilities { recipients: 0, ..Capabilities::ANY };
    let fixture = over((Capabilities::ANY, &[UNKNOWN; 9]), (none, &[]));
    assert_eq!(opens_after(&fixture).await, 5);
}

#[tokio::test(start_paused = true)]
async fn second_ask_of_one_mail_is_not_another_mail() {
    let fixture = over((ONCE, &[UNKNOWN; 9]), (Capabilities::ANY, &ACCEPTS));
    let says = Act::Because(Outcome::Unknown, Reason::Timeout);
    let silent = over((ONCE, &[says; 9]), (Capabilities::ANY, &ACCEPTS));
    for fixture in [fixture, silent] {
        assert_eq!(fixture.failure().await, Failure::Unknown);
        assert_eq!((fixture.calls(), fixture.upstreams[0].snapshot().state), (vec![2, 0], State::Closed));
        assert_eq!(fixture.failure().await, Failure::Unknown);
        assert_eq!((fixture.calls(), fixture.upstreams[0].snapshot().state), (vec![3, 0], State::Open));
    }
}

#[tokio::test(start_paused = true)]
async fn rule_that_pins_mail_to_an_upstream_keeps_its_circuit_closed_for_five() {
    for (rules, opens) in [
        ("caller=other -> u0!", 5),
        ("caller=other -> u1!", 2),
        ("caller=other -> u0", 2),
        ("caller=other -> u0,u1!", 2),
        ("caller=* -> u0!", 5),
        ("caller=* -> u0,u1!", 2),
    ] {
        let fixture = over((Capabilities::ANY, &[UNKNOWN; 9]), (Capabilities::ANY, &ACCEPTS));
        let names: Vec<_> = fixture.upstreams.iter().map(|upstream| Arc::clone(upstream.name())).collect();
        fixture.dispatcher.replace_rules(crate::delivery::routing::rules::Rules::read(rules, &names).unwrap());
        assert_eq!(opens_after(&fixture).await, opens, "{rules}");
    }
}
