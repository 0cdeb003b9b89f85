//! A steady load in an open loop: a mail every ten milliseconds, whether or not the ones before were answered.

use std::time::{Duration, SystemTime};

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::harness::{Answer, Client, mails};

/// A hundred a second.
const PACE: Duration = Duration::from_millis(10);

/// One mail and what its caller saw.
pub(crate) struct Sent {
    /// Its subject.
    pub(crate) number: String,
    pub(crate) from: SystemTime,
    pub(crate) to: SystemTime,
    pub(crate) answer: Answer,
}

impl Sent {
    /// `none`, `unknown`, or nothing if a provider took it.
    pub(crate) fn delivery(&self) -> Option<&str> {
        self.answer.json["delivery"].as_str()
    }

    /// Was it under way at that moment?
    pub(crate) fn is_under_way(&self, moment: SystemTime) -> bool {
        self.from <= moment && moment <= self.to
    }
}

/// Sends for so long, from the mail with this number on, and waits for the last answer.
pub(crate) async fn steady(client: &Client, first: usize, during: Duration) -> Vec<Sent> {
    let (mut ticks, mut sending) = (interval(PACE), JoinSet::new());
    // A tick that a busy machine has missed is made up for: the number of mails is fixed.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let count = usize::try_from(during.as_millis() / PACE.as_millis()).expect("a short test");
    for number in first..first + count {
        ticks.tick().await;
        sending.spawn(send(client.clone(), number.to_string()));
    }
    let mut sent = sending.join_all().await;
    sent.sort_by_key(|sent| sent.from);
    sent
}

async fn send(client: Client, number: String) -> Sent {
    let from = SystemTime::now();
    let answer = client.send(&mails::with_subject(&number)).await;
    Sent { number, from, to: SystemTime::now(), answer }
}
