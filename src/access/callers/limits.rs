//! What one caller may do and how much of it is used: calls per time, mails in flight, domains to send from.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::settings::CallerPolicy;
use crate::access::refusal::{Originator, Refusal};
use crate::model::message::{Address, DomainPatterns, Mailbox, Message};
use crate::runtime::rate_limiter::{NotAllowed, RateLimiter};

/// How long a caller with too many mails in flight is asked to wait: most mails are answered within this time.
const BUSY_WAIT: Duration = Duration::from_secs(1);

/// The policy of a caller, and how much of it is used.
pub struct CallerLimits {
    rate: Option<RateLimiter>,
    in_flight: Option<Arc<Semaphore>>,
    from_domains: Option<DomainPatterns>,
    bounce_address: Option<Address>,
    outbox: OutboxShare,
    is_only_caller: Arc<AtomicBool>,
}

/// What the mail of a caller may take of the outbox, beside the limits of all mail there; `None`: a tenth of those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxShare {
    /// Mails that have not ended.
    pub rows: Option<usize>,
    /// Bytes of them.
    pub bytes: Option<usize>,
}

impl CallerLimits {
    /// Nothing is used yet. It is told when this becomes the only caller, and when there are others again.
    pub(super) fn new(policy: &CallerPolicy, is_only_caller: Arc<AtomicBool>) -> Self {
        Self {
            rate: policy.rate.map(RateLimiter::new),
            in_flight: policy.concurrency.map(|mails| Arc::new(Semaphore::new(mails))),
            from_domains: policy.from_domains.clone(),
            bounce_address: policy.bounce_address.clone(),
            outbox: OutboxShare { rows: policy.outbox_rows, bytes: policy.outbox_bytes },
            is_only_caller,
        }
    }

    /// Counts one call, or refuses it because the rate is used up.
    pub fn count_call(&self) -> Result<(), Refusal> {
        let Some(rate) = &self.rate else { return Ok(()) };
        rate.check().map_err(|retry_after| Refusal::RateLimited { retry_after })
    }

    /// Counts so many calls more, all or none of them: each mail of a batch counts as one.
    pub fn count_calls(&self, calls: u32) -> Result<(), Refusal> {
        let (Some(rate), Some(calls)) = (&self.rate, NonZeroU32::new(calls)) else { return Ok(()) };
        rate.check_all(calls).map_err(|refused| match refused {
            NotAllowed::Yet(retry_after) => Refusal::RateLimited { retry_after },
            NotAllowed::AtOnce(most) => Refusal::BatchOverRate { most },
        })
    }

    /// What this caller may take of the outbox: where its share is not set and there is no other caller, all of it.
    pub fn outbox(&self) -> OutboxShare {
        let all = self.is_only_caller.load(Relaxed).then_some(usize::MAX);
        OutboxShare { rows: self.outbox.rows.or(all), bytes: self.outbox.bytes.or(all) }
    }

    /// Refuses a mail whose From or Sender is not of a domain that this caller may send from.
    pub fn check_originators(&self, message: &Message) -> Result<(), Refusal> {
        let fields = [(Originator::From, Some(message.from())), (Originator::Sender, message.sender())];
        let foreign = fields.into_iter().filter(|(_, mailbox)| mailbox.is_some_and(|mailbox| !self.allows(mailbox)));
        let foreign: Vec<_> = foreign.map(|(originator, _)| originator).collect();
        if foreign.is_empty() { Ok(()) } else { Err(Refusal::SenderNotAllowed(foreign)) }
    }

    fn allows(&self, mailbox: &Mailbox) -> bool {
        self.from_domains.as_ref().is_none_or(|domains| domains.include(mailbox.address()))
    }

    /// Where bounces of its mail go, if it has an address for them.
    pub fn bounce_address(&self) -> Option<&Address> {
        self.bounce_address.as_ref()
    }

    /// The mail with this caller's bounce address as its envelope sender, where the caller has one.
    pub fn with_bounce_address(&self, message: Message) -> Message {
        match &self.bounce_address {
            Some(address) => message.with_bounce_address(address.clone()),
            None => message,
        }
    }

    /// A permit for one mail more in flight, to be held until the mail has its answer.
    pub fn in_flight(&self) -> Result<Option<OwnedSemaphorePermit>, Refusal> {
        let permit = self.in_flight.as_ref().map(|permits| Arc::clone(permits).try_acquire_owned());
        permit.transpose().map_err(|_| Refusal::CallerBusy { retry_after: BUSY_WAIT })
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;
    use crate::model::message::{Draft, Header, ReservedHeaders};
    use crate::runtime::rate::Rate;

    fn limits(terms: CallerPolicy) -> CallerLimits {
        CallerLimits::new(&terms, Arc::default())
    }

    #[tokio::test(start_paused = true)]
    async fn rate_limits_calls_in_any_stretch_of_time() {
        let per = Duration::from_secs(10);
        let limits = limits(CallerPolicy {
            rate: Some(Rate { calls: NonZeroU32::new(5).unwrap(), per }),
            ..CallerPolicy::default()
        });
        let taken = || (0..20).filter(|_| limits.count_call().is_ok()).count();
        assert_eq!(taken(), 5);
        advance(per / 5).await;
        assert_eq!(taken(), 1, "one more for a fifth of the time");
        advance(per * 100).await;
        assert_eq!(taken(), 5, "no more than that are saved up");
        assert_eq!(limits.count_call(), Err(Refusal::RateLimited { retry_after: Duration::from_secs(2) }));
    }

    #[tokio::test(start_paused = true)]
    async fn calls_are_counted_together_or_not_at_all() {
        let per = Duration::from_secs(10);
        let rate = Some(Rate { calls: NonZeroU32::new(5).unwrap(), per });
        let limits = limits(CallerPolicy { rate, ..CallerPolicy::default() });
        assert_eq!(limits.count_calls(6), Err(Refusal::BatchOverRate { most: 5 }));
        assert_eq!(limits.count_calls(3), Ok(()));
        assert_eq!(limits.count_calls(3), Err(Refusal::RateLimited { retry_after: Duration::from_secs(2) }));
        assert_eq!((limits.count_calls(2), limits.count_calls(0)), (Ok(()), Ok(())), "those refused were not counted");
    }

    #[test]
    fn concurrency_permit_is_free_again_once_dropped() {
        let limits = limits(CallerPolicy { concurrency: Some(1), ..CallerPolicy::default() });
        let permit = limits.in_flight().unwrap();
        assert!(limits.in_flight().is_err());
        drop(permit);
        assert!(limits.in_flight().is_ok());
    }

    #[test]
    fn from_domains_limit_the_author() {
        let limits = limits(CallerPolicy { from_domains: "example.org".parse().ok(), ..CallerPolicy::default() });
        for (from, allowed) in [("a@example.org", true), ("a@example.com", false)] {
            let mail = Message::probe(
                crate::runtime::ids::fresh().into(),
                from.parse().unwrap(),
                "b@example.net".parse().unwrap(),
            );
            assert_eq!(limits.check_originators(&mail).is_ok(), allowed, "{from}");
        }
    }

    #[test]
    fn from_domains_limit_the_sender_header_too() {
        let limits = limits(CallerPolicy { from_domains: "example.org".parse().ok(), ..CallerPolicy::default() });
        for (sender, allowed) in [("office@example.org", true), ("office@evil.net", false)] {
            let headers = vec![Header::new("Sender", sender, ReservedHeaders::NONE).unwrap()];
            let draft = Draft { to: vec!["b@example.net".parse().unwrap()], headers, ..Draft::default() };
            let mail =
                Message::new(crate::runtime::ids::fresh().into(), "a@example.org".parse().unwrap(), draft).unwrap();
            assert_eq!(limits.check_originators(&mail).is_ok(), allowed, "{sender}");
        }
    }

    #[tokio::test]
    async fn default_policy_limits_nothing() {
        let limits = limits(CallerPolicy::default());
        assert!((0..1000).all(|_| limits.count_call().is_ok() && limits.in_flight().is_ok()));
    }
}
