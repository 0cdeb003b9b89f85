//! Runs a scenario, and makes the ledger of it.

use super::environment::Environment;
use super::lag::Meter;
use super::record::Ledger;
use super::scenario::{Circuits, Form, Port, Scenario};
use super::{collect, concurrent_repeats, hang_up, load, slow_uploads};
use crate::harness::Gate;

/// Runs a scenario under a steady load, and judges it as if its circuits had been these.
pub(crate) async fn judged_as(scenario: &Scenario, circuits: Circuits) -> Ledger {
    let meter = Meter::start();
    let environment = Environment::start(scenario, None).await;
    let answered = load::load(scenario, &environment, 0..scenario.mails).await;
    collect::close(
        &Scenario { circuits, ..scenario.clone() },
        environment,
        answered,
        collect::Times { meter, cuts: Vec::new() },
    )
    .await
}

/// From the first mail to the ledger.
pub(crate) async fn run(scenario: &Scenario) -> Ledger {
    match scenario.form {
        Form::Load => steadily(scenario).await,
        Form::HangUps => hang_up::run(scenario).await,
        Form::ConcurrentRepeats => concurrent_repeats::run(scenario).await,
        Form::Slow => slow_uploads::run(scenario).await,
    }
}

async fn steadily(scenario: &Scenario) -> Ledger {
    let (meter, stop) = (Meter::start(), Gate::shut());
    let mut environment = Environment::start(scenario, None).await;
    if scenario.port == Port::Flapping {
        environment.flaps(stop.clone());
    }
    let answered = load::load(scenario, &environment, 0..scenario.mails).await;
    stop.open();
    let cuts = environment.cuts().await;
    collect::close(scenario, environment, answered, collect::Times { meter, cuts }).await
}
