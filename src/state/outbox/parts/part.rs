//! A part: how it comes about, who has it in hand, and what it shows.

use std::collections::BTreeSet;

use super::ended::PartVerdict;
use crate::model::caller::CallerName;
use crate::model::message::Id;
use crate::model::outcome::{Outcome, Reason};
use crate::runtime::unix_time::UnixTime;
use crate::state::outbox::{Fence, Hmac, Lane, NodeId, RecipientVerdict, SealedContent, State, Verdict};

/// The number of a part in its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartId(pub i64);

/// The right to work on a part, until another claim of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PartHold {
    /// The part.
    pub part: PartId,
    /// Which claim of it.
    pub fence: Fence,
    /// By which node.
    pub node: NodeId,
}

/// How a mail is split.
#[derive(Clone, Debug)]
pub struct Split {
    /// One for each domain, each with a recipient at least. Recipients that a provider took, may have taken or refused are
    /// in none.
    pub parts: Vec<NewPart>,
    /// The verdict of each hand-over to a provider under this claim.
    pub verdicts: Vec<Verdict>,
}

impl Split {
    /// Is there a part, a recipient in each, and none in two, and is each domain's the only one?
    pub(in crate::state::outbox) fn is_sound(&self) -> bool {
        let (mut places, mut domains) = (BTreeSet::new(), BTreeSet::new());
        let is_sound = |part: &NewPart| {
            !part.places.is_empty()
                && domains.insert(part.domain.0)
                && part.places.iter().all(|place| places.insert(*place))
        };
        !self.parts.is_empty() && self.parts.iter().all(is_sound)
    }
}

/// The recipients of one domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPart {
    /// Stands for the domain, in lower case.
    pub domain: Hmac,
    /// The recipients' places in the order To, Cc, Bcc.
    pub places: Vec<u32>,
}

/// Parts that a node can send now.
#[derive(Clone, Debug)]
pub struct WantedParts {
    /// At most so many.
    pub parts: usize,
    /// No more of one domain than this, with those that the node has in hand.
    pub of_domain: usize,
    /// No more parts once their messages have so many bytes; the first one may have more.
    pub bytes: u64,
    /// If there is a part that was lost before, the oldest such part and no other one. False: none of them.
    pub lost: bool,
    /// A random number. Of four parts of a domain one is the newest and one the oldest, whatever their lanes; it says which comes
    /// first.
    pub draw: u8,
}

/// A part in hand.
pub struct ClaimedPart {
    /// The right to work on it.
    pub hold: PartHold,
    /// The id of its message.
    pub id: Id,
    /// Who it is sent for.
    pub caller: CallerName,
    /// Stands for its domain: the domain of the recipient at the first place.
    pub domain: Hmac,
    /// The recipients' places in the order To, Cc, Bcc.
    pub places: Vec<u32>,
    /// Before or behind others.
    pub lane: Lane,
    /// Since when the mail is in the store.
    pub accepted_at: UnixTime,
    /// When it is no longer wanted.
    pub expires_at: UnixTime,
    /// Attempts so far that count, those at providers before it was split left out.
    pub attempts: u32,
    /// May somebody have it already, so that this could be a second copy?
    pub possible_duplicate: bool,
    /// Was it lost before, with its node or because it could not be opened?
    pub was_lost: bool,
    /// The message; none where it is gone or unreadable, which only a fault of ours could bring about.
    pub content: Option<SealedContent>,
}

/// What a part has come to, for a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartStatus {
    /// The state of each of its recipients.
    pub state: State,
    /// Their places in the order To, Cc, Bcc.
    pub places: Vec<u32>,
    /// When it is tried next, while it is queued.
    pub next_attempt_at: Option<UnixTime>,
    /// Attempts that count.
    pub attempts: u32,
    /// May a recipient have it twice?
    pub possible_duplicate: bool,
    /// The last verdict on each recipient, where there was one.
    pub verdicts: Vec<PartVerdict>,
}

impl PartStatus {
    /// What the mail has come to for the recipient in this place. What has ended while somebody may have it is unknown.
    pub(in crate::state::outbox) fn came_to(&self, place: u32) -> RecipientVerdict {
        let verdict = self.verdicts.iter().find(|verdict| verdict.place == place);
        let outcome = match self.state {
            State::Accepted => Outcome::Accepted,
            _ if self.possible_duplicate => Outcome::Unknown,
            State::Refused => verdict.map_or(Outcome::Deferred, |verdict| verdict.outcome),
            State::Expired => Outcome::Deferred,
            State::Cancelled => Outcome::Cancelled,
            State::Queued | State::Claimed | State::Sending | State::Unknown | State::Parked => Outcome::Unknown,
        };
        let reason = verdict.map_or_else(|| Reason::NotSent.to_string(), |verdict| verdict.reason.clone());
        RecipientVerdict { place, outcome, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::outbox::PartTo;

    #[test]
    fn a_recipient_has_come_to_what_its_part_has_and_nobody_is_said_not_to_have_what_somebody_may_have() {
        let refused = PartVerdict {
            place: 7,
            to: PartTo::Refused,
            outcome: Outcome::MessageRejected,
            reason: "smtp_550".to_owned(),
            code: None,
            host: None,
        };
        let part = |state, possible_duplicate| PartStatus {
            state,
            places: vec![7],
            next_attempt_at: None,
            attempts: 0,
            possible_duplicate,
            verdicts: vec![refused.clone()],
        };
        for (state, outcome) in [
            (State::Accepted, Outcome::Accepted),
            (State::Refused, Outcome::MessageRejected),
            (State::Expired, Outcome::Deferred),
            (State::Cancelled, Outcome::Cancelled),
            (State::Unknown, Outcome::Unknown),
            (State::Queued, Outcome::Unknown),
        ] {
            assert_eq!(part(state, false).came_to(7).outcome, outcome, "{state:?}");
            let at_risk = if state == State::Accepted { Outcome::Accepted } else { Outcome::Unknown };
            assert_eq!(part(state, true).came_to(7).outcome, at_risk, "{state:?}");
        }
        assert_eq!(part(State::Refused, false).came_to(7).reason, "smtp_550");
        assert_eq!(PartStatus { verdicts: Vec::new(), ..part(State::Expired, false) }.came_to(7).reason, "not_sent");
    }
}
