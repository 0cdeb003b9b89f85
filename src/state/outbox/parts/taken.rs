//! Recipients of a part that a provider has, by an acceptance that comes once their mail is in parts.

use super::ended::{PartTo, PartVerdict};
use crate::model::outcome::Outcome;
use crate::state::outbox::Verdict;

/// The verdict on each of these recipients that a provider has accepted, and the places of the others.
pub(in crate::state::outbox) fn taken(places: &[u32], acceptance: &Verdict) -> (Vec<PartVerdict>, Vec<u32>) {
    let is_taken = |place: &u32| {
        let verdict = acceptance.recipients.iter().find(|verdict| verdict.place == *place);
        verdict.is_none_or(|verdict| verdict.outcome == Outcome::Accepted)
    };
    let (taken, others): (Vec<u32>, Vec<u32>) = places.iter().partition(|place| is_taken(place));
    let verdict = |place| PartVerdict {
        place,
        to: PartTo::Accepted,
        outcome: Outcome::Accepted,
        reason: acceptance.reason.clone(),
        code: acceptance.code.clone(),
        host: None,
    };
    (taken.into_iter().map(verdict).collect(), others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::outbox::RecipientVerdict;

    #[test]
    fn an_acceptance_is_of_all_recipients_but_those_that_it_names_otherwise() {
        let of = |place, outcome| RecipientVerdict { place, outcome, reason: String::new() };
        let acceptance = |recipients| Verdict {
            upstream: "relay".to_owned(),
            outcome: Outcome::Accepted,
            reason: "smtp_250".to_owned(),
            code: None,
            provider_message_id: None,
            took: None,
            late: true,
            recipients,
        };
        let places = |recipients| {
            let (taken, others) = taken(&[1, 2, 4], &acceptance(recipients));
            (taken.iter().map(|verdict| verdict.place).collect::<Vec<_>>(), others)
        };
        assert_eq!(places(Vec::new()), (vec![1, 2, 4], vec![]));
        let some = vec![of(0, Outcome::Accepted), of(1, Outcome::MessageRejected), of(2, Outcome::Accepted)];
        assert_eq!(places(some), (vec![2, 4], vec![1]));
    }
}
