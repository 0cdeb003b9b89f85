//! A steady load in an open loop: a mail every ten milliseconds, whether or not the ones before were answered.

use std::time::{Duration, SystemTime};

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::harness::{Client, mails};
use crate::ledger::record::Sent;

/// A hundred a second.
const PACE: Duration = Duration::from_millis(10);

/// Sends for so long, from the mail with this number on, and waits for the last answer.
pub(crate) async fn steady(client: &Client, first: usize, during: Duration) -> Vec<Sent> {
    let (mut ticks, mut sending) = (interval(PACE), JoinSet::new());
    // A tick that a busy machine has missed is made up for: the number of mails is fixed.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let count = usize::try_from(during.as_millis() / PACE.as_millis()).expect("a short test");
    for number in first..first + count {
        ticks.tick().await;
        sending.spawn(send(client.clone(), number));
    }
    let mut sent = sending.join_all().await;
    sent.sort_by_key(|sent| sent.from);
    sent
}

async fn send(client: Client, number: usize) -> Sent {
    let (from, start) = (SystemTime::now(), Instant::now());
    let answer = client.send(&mails::with_subject(&number.to_string())).await;
    Sent::plain(number, [from, SystemTime::now()], start.elapsed(), answer)
}
