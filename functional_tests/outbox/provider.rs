//! A provider that takes mails, and writes down how often it has taken each, by the number in its subject.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::harness::lock::lock;
use crate::harness::stub_provider::Look;
use crate::harness::{Behaviour, Reply, Request, Settings, StubProvider};

type Taken = BTreeMap<usize, usize>;

/// A SendGrid.
pub(super) struct Provider {
    stub: StubProvider,
    taken: Arc<Mutex<Taken>>,
}

impl Provider {
    /// It takes every mail, so late.
    pub(super) fn taking_after(delay: Duration) -> Self {
        let taken = Arc::<Mutex<Taken>>::default();
        let written = taken.clone();
        let takes = move |request: &Request| {
            if !request.is_probe() {
                *lock(&written).entry(number(request)).or_default() += 1;
            }
            Behaviour::AnswerAfter(delay, Reply::sendgrid_accepts())
        };
        Self { stub: StubProvider::gated(|_| Look::Read, takes), taken }
    }

    /// A node in front of it alone, whose circuit stays as operators want it.
    pub(super) fn settings(&self) -> Settings {
        Settings::server().sendgrid(&self.stub.url()).patient_circuits()
    }

    /// How often it has taken each mail.
    pub(super) fn taken(&self) -> Taken {
        lock(&self.taken).clone()
    }

    /// How many mails it has taken.
    pub(super) fn count(&self) -> usize {
        lock(&self.taken).len()
    }
}

fn number(mail: &Request) -> usize {
    let number = mail.json()["subject"].as_str().and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("no number in {mail}"))
}
