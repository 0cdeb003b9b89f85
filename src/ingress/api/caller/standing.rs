//! What one caller may do, and how much of it is used: calls in a time, mails at a time, domains to send from.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::super::problem::{FieldError, Kind, Problem};
use super::pace::{Pace, Rate};
use crate::model::message::{Address, Mailbox, Message};

/// A wait for a mail of the same caller to end, which nobody can foretell.
const SHORT: Duration = Duration::from_secs(1);

/// What holds for a caller; what is not set is free.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Calls, whatever they come to.
    pub rate: Option<Rate>,
    /// Mails at a time.
    pub concurrency: Option<usize>,
    /// Domains (A-labels, lower case) to send from; `*.` in front stands for every domain below it.
    pub from_domains: Option<Vec<String>>,
    /// Where reports on mail that could not be delivered go, if not to its author (RFC 5321 3.6.3).
    pub bounce_address: Option<Address>,
}

/// What holds for a caller, and how much of it is used.
pub(in crate::ingress::api) struct Standing {
    rate: Option<Pace>,
    places: Option<Arc<Semaphore>>,
    from_domains: Option<Vec<String>>,
    bounce_address: Option<Address>,
}

impl Standing {
    /// Nothing is used yet.
    pub(super) fn new(terms: &Terms) -> Self {
        Self {
            rate: terms.rate.map(Pace::new),
            places: terms.concurrency.map(|places| Arc::new(Semaphore::new(places))),
            from_domains: terms.from_domains.clone(),
            bounce_address: terms.bounce_address.clone(),
        }
    }

    /// One call more.
    pub(super) fn call(&self) -> Result<(), Problem> {
        let Some(rate) = &self.rate else { return Ok(()) };
        rate.check().map_err(|wait| {
            Problem::new(Kind::TooManyCalls, "This key has used up its rate. Call again after Retry-After.")
                .retry_after(wait)
        })
    }

    /// May this mail be sent with this key? Who sends for the author needs the same right as the author.
    pub(in crate::ingress::api) fn allows(&self, message: &Message) -> Result<(), Problem> {
        let parties = [("from", Some(message.from())), ("headers.Sender", message.sender())];
        let strangers = parties.into_iter().filter(|(_, party)| party.is_some_and(|party| !self.covers(party)));
        let reason = || "is not of a domain that this key may send from".to_owned();
        let errors: Vec<_> =
            strangers.map(|(field, _)| FieldError { field: field.to_owned(), reason: reason() }).collect();
        if errors.is_empty() { Ok(()) } else { Err(Problem::of_fields(Kind::SenderNotAllowed, errors)) }
    }

    fn covers(&self, party: &Mailbox) -> bool {
        let domain = party.address().domain();
        let covers = |pattern: &String| match pattern.strip_prefix('*') {
            Some(below) => domain.ends_with(below),
            None => domain == pattern,
        };
        self.from_domains.as_ref().is_none_or(|patterns| patterns.iter().any(covers))
    }

    /// The mail with the envelope sender of this key's mails.
    pub(in crate::ingress::api) fn addressed(&self, message: Message) -> Message {
        match &self.bounce_address {
            Some(address) => message.with_bounce_address(address.clone()),
            None => message,
        }
    }

    /// A place for one mail more, until it has its answer.
    pub(in crate::ingress::api) fn place(&self) -> Result<Option<OwnedSemaphorePermit>, Problem> {
        let place = self.places.as_ref().map(|places| Arc::clone(places).try_acquire_owned());
        place.transpose().map_err(|_| {
            Problem::new(
                Kind::TooManyCalls,
                "This key has as many mails under way as it may. Send again after Retry-After.",
            )
            .retry_after(SHORT)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use tokio::time::advance;

    use super::*;
    use crate::model::message::{Draft, Header};

    fn standing(terms: Terms) -> Standing {
        Standing::new(&terms)
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_lets_through_what_it_says_in_any_stretch_of_time() {
        let per = Duration::from_secs(10);
        let standing =
            standing(Terms { rate: Some(Rate { calls: NonZeroU32::new(5).unwrap(), per }), ..Terms::default() });
        let taken = || (0..20).filter(|_| standing.call().is_ok()).count();
        assert_eq!(taken(), 5);
        advance(per / 5).await;
        assert_eq!(taken(), 1, "one more for a fifth of the time");
        advance(per * 100).await;
        assert_eq!(taken(), 5, "no more than that are saved up");
        let problem = format!("{:?}", standing.call().unwrap_err());
        assert!(problem.contains("retry_after: Some(2s)"), "{problem}");
    }

    #[test]
    fn a_place_is_free_again_when_its_mail_has_its_answer() {
        let standing = standing(Terms { concurrency: Some(1), ..Terms::default() });
        let place = standing.place().unwrap();
        assert!(standing.place().is_err());
        drop(place);
        assert!(standing.place().is_ok());
    }

    #[test]
    fn a_caller_sends_from_its_own_domains_alone() {
        let domains = vec!["example.org".to_owned(), "*.example.com".to_owned()];
        let standing = standing(Terms { from_domains: Some(domains), ..Terms::default() });
        for (from, allowed) in [
            ("a@example.org", true),
            ("a@EXAMPLE.org", true),
            ("a@mail.example.com", true),
            ("a@deep.mail.example.com", true),
            ("a@mail.example.org", false),
            ("a@example.com", false),
            ("a@badexample.com", false),
            ("a@example.org.evil.net", false),
        ] {
            let mail = Message::dummy(from.parse().unwrap(), "b@example.net".parse().unwrap());
            assert_eq!(standing.allows(&mail).is_ok(), allowed, "{from}");
        }
    }

    #[test]
    fn who_sends_for_the_author_needs_the_same_right() {
        let standing = standing(Terms { from_domains: Some(vec!["example.org".to_owned()]), ..Terms::default() });
        for (sender, allowed) in [("office@example.org", true), ("office@evil.net", false)] {
            let headers = vec![Header::new("Sender", sender).unwrap()];
            let draft = Draft { to: vec!["b@example.net".parse().unwrap()], headers, ..Draft::default() };
            let mail = Message::new("a@example.org".parse().unwrap(), draft).unwrap();
            assert_eq!(standing.allows(&mail).is_ok(), allowed, "{sender}");
        }
    }

    #[tokio::test]
    async fn without_terms_everything_is_free() {
        let standing = standing(Terms::default());
        assert!((0..1000).all(|_| standing.call().is_ok() && standing.place().is_ok()));
    }
}
