//! Calls after the answer: the same mail under its key once or twice more, and another mail under a key that is held.

use super::answered::{self, Answered};
use super::caller::{self, Caller};
use super::mail;
use super::record::Sent;
use super::scenario::Scenario;

pub(crate) const KEY: &str = "idempotency-key";

/// Far from the number of any first mail.
const OTHER: usize = 1_000_000;

/// Repeats a mail that had this answer as often at random, by the same request.
pub(crate) async fn repeat(scenario: &Scenario, caller: &mut Caller, first: &Sent, request: &str) -> Answered {
    let (mut answered, number) = (Answered::default(), first.number);
    for _ in 0..[0, 1, 1, 2][scenario.rng.below("repeats", number, 4)] {
        match answered::send(caller, number, first.failover, request).await {
            Ok(repeat) => answered.repeats.push(Sent { keyed: true, ..repeat }),
            Err(why) => answered.unanswered.push(format!("repeat of mail {number}: {why}")),
        }
    }
    let is_held = answered.repeats.last().unwrap_or(first).delivery() != Some("none");
    if is_held && scenario.rng.below("another mail", number, 3) == 0 {
        let other = mail::numbered(OTHER + number, scenario).to_string();
        let request =
            caller::request(mail::api_key(number, scenario), number, &other, &[(KEY, &format!("key-{number}"))]);
        match answered::send(caller, number, first.failover, &request).await {
            Ok(refused) => answered.reused.push(refused),
            Err(why) => answered.unanswered.push(format!("another mail under the key of {number}: {why}")),
        }
    }
    answered
}
