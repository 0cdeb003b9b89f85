//! What is known of a mail after a call: the one field by which every client decides.

use serde::Serialize;
use utoipa::ToSchema;

use crate::state::outbox::{State, Ticket};

/// What is known of the mail from this call. `accepted`: a provider took it, or a recipient's own mail server. `none`: none of
/// them has it, so a repeat sends no second mail. `unknown`: one may have it, so look it up before you repeat the call. `queued`:
/// this service keeps it and sends it (`POST /outbox`, or `POST /email` where that queues mail), so do not repeat the call. There
/// will never be another word, so a client can handle all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Delivery {
    Accepted,
    None,
    Unknown,
    Queued,
}

impl Delivery {
    /// The word in JSON.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::None => "none",
            Self::Unknown => "unknown",
            Self::Queued => "queued",
        }
    }
}

/// Where a mail of the outbox is. `queued`: it waits until it is due, and then for a provider or its recipients' own servers.
/// `claimed`: it is about to be handed over. `sending`: it is being handed over. `unknown`: one of them may have it. `parked`: the
/// operator has to look at it. `accepted`: one of them took it. `refused`: none of them takes it. `expired`: its time is over.
/// `cancelled`: you or the operator has cancelled it. The last four are final; whether somebody has it is said by `delivery`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OutboxStatus {
    Queued,
    Claimed,
    Sending,
    Unknown,
    Parked,
    Accepted,
    Refused,
    Expired,
    Cancelled,
}

impl From<State> for Delivery {
    fn from(state: State) -> Self {
        match state {
            // The service goes on with it by itself, or by its operator.
            State::Queued | State::Claimed | State::Sending | State::Parked => Self::Queued,
            State::Unknown => Self::Unknown,
            State::Accepted => Self::Accepted,
            State::Refused | State::Expired | State::Cancelled => Self::None,
        }
    }
}

/// A mail that was refused, expired or cancelled after a hand-over that may have succeeded is not known to be with nobody.
impl From<&Ticket> for Delivery {
    fn from(ticket: &Ticket) -> Self {
        match Self::from(ticket.state) {
            Self::None if ticket.possible_duplicate => Self::Unknown,
            delivery => delivery,
        }
    }
}

impl From<State> for OutboxStatus {
    fn from(state: State) -> Self {
        match state {
            State::Queued => Self::Queued,
            State::Claimed => Self::Claimed,
            State::Sending => Self::Sending,
            State::Unknown => Self::Unknown,
            State::Parked => Self::Parked,
            State::Accepted => Self::Accepted,
            State::Refused => Self::Refused,
            State::Expired => Self::Expired,
            State::Cancelled => Self::Cancelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_the_one_in_json() {
        for delivery in [Delivery::Accepted, Delivery::None, Delivery::Unknown, Delivery::Queued] {
            assert_eq!(serde_json::to_value(delivery).unwrap(), delivery.as_str());
        }
    }

    #[test]
    fn status_is_written_as_the_store_and_the_metrics_write_it() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(OutboxStatus::from(state)).unwrap(), state.as_str());
        }
    }

    #[test]
    fn mail_that_no_provider_can_have_and_that_ended_is_none() {
        for state in State::ALL {
            let none = matches!(state, State::Refused | State::Expired | State::Cancelled);
            assert_eq!(Delivery::from(state) == Delivery::None, none, "{state:?}");
        }
    }

    #[test]
    fn mail_that_ended_after_a_hand_over_that_may_have_succeeded_is_unknown() {
        for state in State::ALL {
            let time = crate::runtime::unix_time::UnixTime::default();
            let ticket = |possible_duplicate| Ticket {
                id: crate::runtime::ids::fresh().into(),
                state,
                accepted_at: time,
                send_at: time,
                expires_at: time,
                possible_duplicate,
            };
            let clear = Delivery::from(state);
            let expected = if clear == Delivery::None { Delivery::Unknown } else { clear };
            let seen = [Delivery::from(&ticket(false)), Delivery::from(&ticket(true))];
            assert_eq!(seen, [clear, expected], "{state:?}");
        }
    }
}
