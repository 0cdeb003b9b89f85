//! A provider that takes every mail, so late, and writes down how often it has taken each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::harness::stub_provider::{Look, Request};
use crate::harness::{Behaviour, Reply, Settings, StubProvider};

type Accepted = BTreeMap<usize, usize>;

/// A SendGrid.
pub(super) struct CountingProvider {
    stub: StubProvider,
    accepted: Arc<Mutex<Accepted>>,
}

impl CountingProvider {
    pub(super) fn start(delay: Duration) -> Self {
        let accepted = Arc::<Mutex<Accepted>>::default();
        let written = accepted.clone();
        let takes = move |request: &Request| {
            if !request.is_probe() {
                *lock(&written).entry(number(request)).or_default() += 1;
            }
            Behaviour::AnswerAfter(delay, Reply::sendgrid_accepts())
        };
        Self { stub: StubProvider::gated(|_| Look::Read, takes), accepted }
    }

    /// A proxy in front of it alone.
    pub(super) fn settings(&self) -> Settings {
        Settings::server().sendgrid(&self.stub.url())
    }

    /// How often it has taken each mail.
    pub(super) fn accepted(&self) -> Accepted {
        lock(&self.accepted).clone()
    }

    /// How many mails it has taken.
    pub(super) fn count(&self) -> usize {
        lock(&self.accepted).len()
    }
}

fn lock(accepted: &Mutex<Accepted>) -> MutexGuard<'_, Accepted> {
    accepted.lock().unwrap_or_else(PoisonError::into_inner)
}

fn number(mail: &Request) -> usize {
    let number = mail.json()["subject"].as_str().and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("no number in {mail}"))
}
