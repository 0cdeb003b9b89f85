//! Which mail goes to its recipients' own servers now, and how it is split: by the domains of its recipients.

use std::collections::BTreeMap;

use tokio::time::timeout;

use super::super::super::claim::Claimed;
use super::super::super::ending::Verdict;
use super::super::super::parts::UPSTREAM;
use super::super::super::row::RouteSet;
use super::super::super::{NewPart, Split};
use super::super::context::{Context, MAX_ROWS, STORE_TIMEOUT};
use super::super::pending::Pending;
use super::super::recording::persistently;
use super::super::windows::Free;
use super::DirectDelivery;
use crate::model::message::Message;

/// What there is for mail of this set that goes to its recipients' own servers now: it takes no place anywhere, but no more of
/// it is split than they take where it has upstreams, too. `None`: none of the set goes there.
pub(in super::super) fn free(context: &Context, set: &RouteSet) -> Option<Free> {
    goes_direct(context, set).then(|| {
        let places = if has_upstreams(set) { context.ahead.left() } else { MAX_ROWS };
        Free { windows: MAX_ROWS, places: places.min(MAX_ROWS) }
    })
}

fn has_upstreams(set: &RouteSet) -> bool {
    set.names().any(|name| name != UPSTREAM)
}

/// Does mail of this set go to its recipients' own servers now? No upstream comes before them, or none has taken mail for long
/// enough.
pub(in super::super) fn goes_direct(context: &Context, set: &RouteSet) -> bool {
    let Some(delivery) = &context.parts.direct else { return false };
    let upstreams = set.names().filter(|name| *name != UPSTREAM);
    let unusable_for = || context.parts.dispatcher.unusable_for(upstreams);
    set.names().any(|name| name == UPSTREAM) && unusable_for().is_some_and(|time| time >= delivery.after)
}

/// Splits a mail, of which upstreams have said this. False: the store does not consent, so it goes nowhere by this claim.
/// `pending`: is held while the store is asked for the first time, so that no more is claimed than it can split.
pub(in super::super) async fn split(
    context: &Context,
    delivery: &DirectDelivery,
    claimed: &Claimed,
    message: &Message,
    verdicts: Vec<Verdict>,
    pending: Option<Pending>,
) -> bool {
    let Some(parts) = parts(context, message) else { return false };
    if pending.is_some() && has_upstreams(&claimed.route_set) {
        context.ahead.split(claimed.id, parts.len());
    }
    let split = Split { parts, verdicts };
    let ask = || delivery.parts.split(&claimed.hold, &split);
    let first = timeout(STORE_TIMEOUT, ask()).await;
    drop(pending);
    match first {
        Ok(Ok(consents)) => consents,
        // It may have split it: then it says so again.
        _ => persistently(ask).await,
    }
}

/// None: there is no key that a domain could be hidden by.
fn parts(context: &Context, message: &Message) -> Option<Vec<NewPart>> {
    let domain = |domain: &str| context.parts.contents.domain(domain);
    by_domain(message).into_iter().map(|(name, places)| Some(NewPart { domain: domain(name)?, places })).collect()
}

/// The places of the recipients at each domain.
fn by_domain(message: &Message) -> BTreeMap<&str, Vec<u32>> {
    let mut domains = BTreeMap::<_, Vec<u32>>::new();
    for (place, mailbox) in (0..).zip(message.recipient_mailboxes()) {
        domains.entry(mailbox.address().domain()).or_default().push(place);
    }
    domains
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::message::Draft;

    #[test]
    fn every_recipient_is_in_the_part_of_its_domain_whatever_its_case_and_field() {
        let to = |addresses: &[&str]| addresses.iter().map(|address| address.parse().unwrap()).collect();
        let draft = Draft {
            to: to(&["b@example.org", "c@EXAMPLE.net"]),
            cc: to(&["d@Example.ORG"]),
            bcc: to(&["e@bücher.example", "f@example.net"]),
            ..Draft::default()
        };
        let id = crate::runtime::ids::fresh().into();
        let message = Message::new(id, "a@example.org".parse().unwrap(), draft).unwrap();
        let domains: Vec<_> = by_domain(&message).into_iter().collect();
        let expected = [("example.net", vec![1, 4]), ("example.org", vec![0, 2]), ("xn--bcher-kva.example", vec![3])];
        assert_eq!(domains, expected);
    }
}
