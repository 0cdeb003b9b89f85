//! What operators order in the outbox, in the words of logs and records.

use std::fmt;

use crate::model::message::Id;
use crate::state::audit::Origin;
use crate::state::outbox::{Note, Order, Release, Selection};

/// What an operator may order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// All nodes stop to claim, or go on.
    Pause(bool),
    /// One submission is decided on.
    Settle(Id, Order),
    /// All submissions that fit are, of which there are at most so many; where the order goes on, it has met some before.
    Many { order: Order, selection: Selection, count: u64, met: Option<u64> },
    /// Parked submissions go back to the queue.
    Release(Release),
    /// Every submission to a recipient is erased, who is not named here.
    EraseRecipient,
    /// The submissions to a recipient are looked up, who is not named here.
    FindRecipient,
    /// One node does this with the site of this key.
    Site(SiteOrder, String),
}

/// What an operator may order of a site, the servers of some recipients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SiteOrder {
    /// It gets no mail.
    Pause,
    /// It gets mail again.
    GoOn,
    /// The next mail is tried at once.
    Retry,
}

impl SiteOrder {
    fn word(self) -> &'static str {
        match self {
            Self::Pause => "pause_site",
            Self::GoOn => "go_on_site",
            Self::Retry => "retry_site",
        }
    }
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
            Self::Settle(id, order) => write!(f, "{} {id}", word(*order)),
            Self::Many { order, selection, count, met } => {
                write_many(f, *order, selection, *count)?;
                write_members(f, [("met", met.map(|met| met.to_string()))])
            }
            Self::Release(release) => write_release(f, release),
            Self::EraseRecipient => f.write_str("erase_recipient"),
            Self::FindRecipient => f.write_str("find_recipient"),
            Self::Site(order, key) => write!(f, "{} {key}", order.word()),
        }
    }
}

fn word(order: Order) -> &'static str {
    match order {
        Order::Retry => "retry",
        Order::SettleAsAccepted => "settle_as_accepted",
        Order::SettleAsNone => "settle_as_none",
        Order::Cancel => "cancel",
    }
}

fn write_many(f: &mut fmt::Formatter<'_>, order: Order, selection: &Selection, count: u64) -> fmt::Result {
    let Selection { state, caller, from_domain, upstream, accepted_from, accepted_before, possible_duplicate } =
        selection;
    write!(f, "{} count={count}", word(order))?;
    let texts = [
        ("status", state.map(|state| state.as_str().to_owned())),
        ("caller", caller.as_ref().map(ToString::to_string)),
        ("from_domain", from_domain.clone()),
        ("upstream", upstream.clone()),
        ("accepted_from", accepted_from.as_ref().map(ToString::to_string)),
        ("accepted_before", accepted_before.as_ref().map(ToString::to_string)),
        ("possible_duplicate", possible_duplicate.as_ref().map(ToString::to_string)),
    ];
    write_members(f, texts)
}

fn write_release(f: &mut fmt::Formatter<'_>, release: &Release) -> fmt::Result {
    f.write_str("release")?;
    let texts = [
        ("caller", release.caller.as_ref().map(ToString::to_string)),
        ("from_domain", release.from_domain.clone()),
        ("accepted_from", release.accepted_from.as_ref().map(ToString::to_string)),
        ("accepted_before", release.accepted_before.as_ref().map(ToString::to_string)),
    ];
    write_members(f, texts)
}

/// Those that are there.
fn write_members<const N: usize>(f: &mut fmt::Formatter<'_>, members: [(&str, Option<String>); N]) -> fmt::Result {
    members.into_iter().try_for_each(|(name, value)| value.map_or(Ok(()), |value| write!(f, " {name}={value}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::unix_time::UnixTime;
    use crate::state::outbox::State;

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

    #[test]
    fn an_order_on_many_is_recorded_with_its_filter_and_how_many_its_giver_has_seen() {
        let selection = Selection {
            state: Some(State::Unknown),
            upstream: Some("mg".to_owned()),
            accepted_from: Some(UnixTime(0)),
            possible_duplicate: Some(false),
            ..Selection::default()
        };
        let words = "settle_as_none count=7 status=unknown upstream=mg accepted_from=1970-01-01T00:00:00.000Z \
                     possible_duplicate=false";
        let many = |met| Operation::Many { order: Order::SettleAsNone, selection: selection.clone(), count: 7, met };
        assert_eq!(many(None).to_string(), words);
        assert_eq!(many(Some(3)).to_string(), format!("{words} met=3"), "it goes on");
    }
}
