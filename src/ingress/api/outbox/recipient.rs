//! What a message of the outbox says of each recipient.

use serde::Serialize;
use utoipa::ToSchema;

use crate::state::outbox::{PartStatus, PartVerdict, RecipientVerdict, State, Status};

/// A recipient of a message of the outbox.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = OutboxRecipient)]
pub(super) struct RecipientBody {
    /// The address.
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<RecipientStatus>,
    /// The server that has said so, where the mail goes to the recipients' own servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    host: Option<String>,
    /// What became of it by the last word of a provider or of its own server, in the words of a receipt. Of a provider it is told
    /// where that took some recipients and refused others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outcome: Option<&'static str>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
    /// The enhanced status code of the server (RFC 3463), if it gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    code: Option<String>,
    /// When it is tried next, in UTC; absent if it is not, and where all recipients go together.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    next_attempt_at: Option<String>,
    /// `true`: it may have the mail from an earlier hand-over, whatever `status` says, so that another one is or would be a second
    /// copy. Absent where that cannot be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    possible_duplicate: bool,
}

/// Where a recipient has come of a mail that goes to the recipients' own servers. `queued`: it was not tried yet. `sending`: it is
/// being handed over. `deferred`: nobody has it, and it is tried again. `delivered`: its server, `host`, took it. `refused`: nobody
/// has it, and it is not tried again. `expired`: nobody has it, and its time is over. `cancelled`: you or the operator has cancelled
/// it. `unknown`: its server may have it. `parked`: the operator has to look at it. With `possible_duplicate` it may have the mail
/// in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OutboxRecipientStatus)]
#[serde(rename_all = "snake_case")]
enum RecipientStatus {
    Queued,
    Sending,
    Deferred,
    Delivered,
    Refused,
    Expired,
    Cancelled,
    Unknown,
    Parked,
}

impl RecipientStatus {
    fn of(part: &PartStatus, verdict: Option<&PartVerdict>) -> Self {
        match part.state {
            State::Sending => Self::Sending,
            State::Queued | State::Claimed if part.attempts > 0 || verdict.is_some() => Self::Deferred,
            State::Queued | State::Claimed => Self::Queued,
            State::Unknown => Self::Unknown,
            State::Parked => Self::Parked,
            State::Accepted => Self::Delivered,
            State::Refused => Self::Refused,
            State::Expired => Self::Expired,
            State::Cancelled => Self::Cancelled,
        }
    }
}

/// The recipient in this place of the order To, Cc, Bcc.
pub(super) fn recipient(place: usize, email: String, status: &Status) -> RecipientBody {
    let Ok(place) = u32::try_from(place) else { return RecipientBody { email, ..RecipientBody::default() } };
    match status.parts.iter().find(|part| part.places.contains(&place)) {
        Some(part) => of_part(place, email, part),
        None => of_provider(place, email, &status.recipient_verdicts),
    }
}

fn of_part(place: u32, email: String, part: &PartStatus) -> RecipientBody {
    let verdict = part.verdicts.iter().find(|verdict| verdict.place == place);
    RecipientBody {
        email,
        status: Some(RecipientStatus::of(part, verdict)),
        host: verdict.and_then(|verdict| verdict.host.clone()),
        outcome: verdict.map(|verdict| verdict.outcome.as_str()),
        reason: verdict.map(|verdict| verdict.reason.clone()),
        code: verdict.and_then(|verdict| verdict.code.clone()),
        next_attempt_at: part.next_attempt_at.map(|time| time.to_string()),
        possible_duplicate: part.possible_duplicate,
    }
}

fn of_provider(place: u32, email: String, verdicts: &[RecipientVerdict]) -> RecipientBody {
    let verdict = verdicts.iter().find(|verdict| verdict.place == place);
    RecipientBody {
        email,
        outcome: verdict.map(|verdict| verdict.outcome.as_str()),
        reason: verdict.map(|verdict| verdict.reason.clone()),
        ..RecipientBody::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_deferred_once_it_was_tried_and_who_may_have_the_mail_is_shown_with_that_doubt() {
        let told = |state, attempts, possible_duplicate| {
            let verdicts = Vec::new();
            let part =
                PartStatus { state, places: vec![0], next_attempt_at: None, attempts, possible_duplicate, verdicts };
            let told = serde_json::to_value(of_part(0, "x@a.example".to_owned(), &part)).unwrap();
            (told["status"].as_str().unwrap().to_owned(), told.get("possible_duplicate").cloned())
        };
        for (state, first, then) in [
            (State::Queued, "queued", "deferred"),
            (State::Claimed, "queued", "deferred"),
            (State::Sending, "sending", "sending"),
            (State::Unknown, "unknown", "unknown"),
            (State::Parked, "parked", "parked"),
            (State::Accepted, "delivered", "delivered"),
            (State::Refused, "refused", "refused"),
            (State::Expired, "expired", "expired"),
            (State::Cancelled, "cancelled", "cancelled"),
        ] {
            assert_eq!(told(state, 0, false), (first.to_owned(), None));
            assert_eq!(told(state, 1, true), (then.to_owned(), Some(true.into())));
        }
    }
}
