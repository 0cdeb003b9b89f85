//! The mails of a ledger: each has a number, in its subject, which every provider sees; some are large.

use std::time::Duration;

use serde_json::{Value, json};

use super::caller;
use super::routing::Facts;
use super::scenario::Scenario;
use crate::harness::settings::API_KEY;

/// So large that a provider that does not read it stops its sender half way.
const LARGE: usize = 192 * 1024;
/// One mail in so many is large.
const SMALL: usize = 32;

/// The mail with this number. Each has a sender of its own, so that no provider's refusal of one is remembered for all.
pub(crate) fn numbered(number: usize, scenario: &Scenario) -> Value {
    let by_chance = if scenario.rng.below("large", number, SMALL) == 0 { LARGE } else { 16 };
    let mut mail = json!({
        "from": format!("sender@d{number}.example.com"),
        "to": recipients(number, scenario.recipients),
        "subject": format!("mail-{number}."),
        "text": "x".repeat(scenario.size.unwrap_or(by_chance)),
    });
    facts(number, scenario).iter().for_each(|facts| facts.write(number, &mut mail));
    mail
}

/// What rules may look at of the mail with this number, if there are any.
pub(crate) fn facts(number: usize, scenario: &Scenario) -> Option<Facts> {
    scenario.routing.as_ref().map(|_| Facts::of(scenario.rng, number))
}

/// The call of this mail, with these headers.
pub(crate) fn request(number: usize, scenario: &Scenario, headers: &[(&str, &str)]) -> String {
    caller::request(api_key(number, scenario), number, &numbered(number, scenario).to_string(), headers)
}

/// The key of the caller who sends the mail with this number.
pub(crate) fn api_key(number: usize, scenario: &Scenario) -> &'static str {
    facts(number, scenario).map_or(API_KEY, |facts| facts.api_key())
}

/// Whom the mail with this number goes to, if it goes to so many.
pub(crate) fn recipients(number: usize, count: usize) -> Vec<String> {
    match count {
        1 => vec!["receiver@example.net".to_owned()],
        _ => (0..count).map(|recipient| format!("r{recipient}@n{number}.example.net")).collect(),
    }
}

/// A large mail has 1 s more for so many bytes, for an attempt as for all of them together.
const UPLINK: u32 = 256 * 1024;

/// How much more time than any mail the one in this call has. The JSON around it counts too, which is less than 1 ms.
pub(crate) fn allowance(request: &str) -> Duration {
    Duration::from_secs(1) * u32::try_from(request.len()).expect("mails are small") / UPLINK
}

/// The number of the mail in a request, as soon as the whole of it is there.
pub(crate) fn number(request: &str) -> Option<usize> {
    let (digits, _) = request.split_once("mail-")?.1.split_once('.')?;
    digits.parse().ok()
}

#[test]
fn a_number_is_read_only_whole() {
    let seen = |text| number(text);
    assert_eq!((seen("subject: mail-12."), seen("subject: mail-12"), seen("mail-x.")), (Some(12), None, None));
}
