//! What operators order in the outbox, in the words of logs and records.

use std::fmt;

use crate::model::message::Id;
use crate::state::audit::Origin;
use crate::state::outbox::{Note, Order, Release};

/// What an operator may order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// All nodes stop to claim, or go on.
    Pause(bool),
    /// One submission that waits for people is decided on.
    Settle(Id, Order),
    /// Parked submissions go back to the queue.
    Release(Release),
    /// Every submission to a recipient is erased, who is not named here.
    EraseRecipient,
    /// The submissions to a recipient are looked up, who is not named here.
    FindRecipient,
}

impl Operation {
    /// For the store, which keeps it with the order.
    pub(super) fn note(&self, origin: &Origin) -> Note {
        let from = origin.peer.map(|peer| peer.to_string());
        Note { who: origin.actor.as_str().to_owned(), from, order: self.to_string() }
    }
}

/// The word for it, and which mail it is about.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pause(true) => f.write_str("pause"),
            Self::Pause(false) => f.write_str("go_on"),
            Self::Settle(id, Order::Retry) => write!(f, "retry {id}"),
            Self::Settle(id, Order::SettleAsAccepted) => write!(f, "settle_as_accepted {id}"),
            Self::Settle(id, Order::SettleAsNone) => write!(f, "settle_as_none {id}"),
            Self::Release(release) => write_release(f, release),
            Self::EraseRecipient => f.write_str("erase_recipient"),
            Self::FindRecipient => f.write_str("find_recipient"),
        }
    }
}

fn write_release(f: &mut fmt::Formatter<'_>, release: &Release) -> fmt::Result {
    f.write_str("release")?;
    let times = [("accepted_from", release.accepted_from), ("accepted_before", release.accepted_before)];
    let times = times.map(|(name, time)| (name, time.map(|time| time.to_string())));
    let caller = release.caller.as_ref().map(|caller| caller.as_str().to_owned());
    let texts = [("caller", caller), ("from_domain", release.from_domain.clone())];
    let mut all = texts.into_iter().chain(times);
    all.try_for_each(|(name, value)| value.map_or(Ok(()), |value| write!(f, " {name}={value}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::unix_time::UnixTime;

    #[test]
    fn a_release_is_recorded_with_its_filter() {
        let release = Release {
            caller: Some("shop".into()),
            from_domain: Some("example.org".to_owned()),
            accepted_before: Some(UnixTime(0)),
            ..Release::default()
        };
        let words = "release caller=shop from_domain=example.org accepted_before=1970-01-01T00:00:00.000Z";
        assert_eq!(Operation::Release(release).to_string(), words);
        assert_eq!(Operation::Release(Release::default()).to_string(), "release");
    }
}
