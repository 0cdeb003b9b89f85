//! One circuit: scenarios by subject, random histories against a [`model`], threads in [`stress`].

mod early;
mod model;
mod naive;
mod opening;
mod orders;
mod permits;
mod recovery;
mod stress;

use super::*;
use crate::model::outcome::Blame;

const SECOND: u64 = 1000;

/// Ten seconds, twenty calls, half failures, four fifths slow, two mails in a row: the defaults.
fn rates() -> Rates {
    Rates { bucket: SECOND, min_calls: 20, failure_rate: 0.5, slow_rate: Some(0.8), early_failures: Some(2) }
}

fn settings(consecutive_failures: u16, probes_to_close: u16) -> Settings {
    Settings { consecutive_failures, probes_to_close, rates: Some(rates()), ramps: true, start_closed: true, shards: 1 }
}

fn circuit(consecutive_failures: u16, probes_to_close: u16) -> Circuit {
    Circuit::new(settings(consecutive_failures, probes_to_close))
}

fn result(blame: Blame, now: u64) -> CallResult {
    CallResult { blame, slow: false, now, not_before: 0, thread: 0, is_repeat: false, has_alternative: false }
}

fn mail_at(circuit: &Circuit, blame: Blame, now: u64) -> Settled {
    circuit.admit().expect("a closed circuit").settle(result(blame, now))
}

fn mail(circuit: &Circuit, blame: Blame) -> Settled {
    mail_at(circuit, blame, 0)
}

fn probe(circuit: &Circuit, blame: Blame) -> Settled {
    circuit.admit_probe().expect("a half open circuit").settle(result(blame, 0))
}

/// The state and the reason that this led to.
fn led_to(settled: Settled) -> Option<(State, TransitionReason)> {
    match settled {
        Settled::Changed(transition) => Some((transition.to, transition.reason)),
        Settled::NoTransition | Settled::Stale => None,
    }
}

fn opened() -> Circuit {
    let circuit = circuit(1, 2);
    assert_eq!(led_to(mail(&circuit, Blame::Failure)), Some((State::Open, TransitionReason::ConsecutiveFailures)));
    circuit
}

fn close(circuit: &Circuit) {
    assert!(circuit.begin_probing().is_some());
    while circuit.admit_probe().is_some_and(|permit| permit.settle(result(Blame::Success, 0)) == Settled::NoTransition)
    {
    }
    assert_eq!(circuit.snapshot().state, State::Closed);
}
