//! Sends one mail, and keeps what was answered.

use std::time::SystemTime;

use tokio::time::Instant;

use super::caller::Caller;
use super::mail;
use super::record::{Failover, Sent};

/// What was answered, and what went wrong with the rest.
#[derive(Default)]
pub(crate) struct Answered {
    pub(crate) sent: Vec<Sent>,
    pub(crate) repeats: Vec<Sent>,
    pub(crate) reused: Vec<Sent>,
    pub(crate) unanswered: Vec<String>,
}

impl Answered {
    pub(crate) fn absorb(&mut self, other: Self) {
        self.sent.extend(other.sent);
        self.repeats.extend(other.repeats);
        self.reused.extend(other.reused);
        self.unanswered.extend(other.unanswered);
    }
}

/// Sends one mail, with the times at which that began and ended.
pub(crate) async fn send(
    caller: &mut Caller,
    number: usize,
    failover: Failover,
    request: &str,
) -> Result<Sent, String> {
    let (from, start) = (SystemTime::now(), Instant::now());
    let answer = caller.call(number, request).await?;
    let allowance = mail::allowance(request);
    Ok(Sent { number, failover, from, to: SystemTime::now(), took: start.elapsed(), keyed: false, allowance, answer })
}
