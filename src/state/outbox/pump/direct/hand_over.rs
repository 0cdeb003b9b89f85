//! A part in hand: from its message to the servers of its domain, and what becomes of it where they cannot have it now.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, timeout};
use tracing::error;
use uuid::Uuid;

use super::super::super::{ClaimedPart, Hmac, PartEnded, PartTo, PartVerdict, State};
use super::super::context::{Context, POLL, STORE_TIMEOUT};
use super::DirectDelivery;
use super::closed::Closed;
use super::recording::{give_back, record};
use super::reopening::place_is_free;
use super::telling::tell_of_ended;
use super::verdicts::Facts;
use crate::delivery::mx::direct::{NotNow, Prepared};
use crate::model::message::{Address, Message};
use crate::model::outcome::Outcome;
use crate::runtime::unix_time::UnixTime;

/// A domain is closed for so long, or until one of its mails has ended, where those in hand have all bytes that it may have.
const WITHOUT_BYTES: Duration = Duration::from_secs(5);

/// A hand-over has so long at least, however soon its mail expires.
const LEAST_TIME: Duration = Duration::from_secs(60);

/// A part in hand.
pub(super) struct HandOver<'a> {
    context: &'a Context,
    delivery: &'a DirectDelivery,
    claimed: ClaimedPart,
    message: Message,
    /// The addresses at its places: at least one.
    to: Vec<Address>,
}

/// What the store says to a hand-over.
enum Mark {
    Consents,
    Refuses,
    /// It may have marked the part.
    Unclear,
}

/// The message, and the addresses at the places of a part.
fn opened(context: &Context, claimed: &ClaimedPart) -> Option<(Message, Vec<Address>)> {
    let ClaimedPart { id, caller, content, places, .. } = claimed;
    let message = context.parts.contents.open(*id, caller, content.as_ref()?)?.message;
    let recipients: Vec<_> = message.recipient_mailboxes().map(|mailbox| mailbox.address()).collect();
    let at = |place: &u32| recipients.get(usize::try_from(*place).ok()?).map(|address| (*address).clone());
    let to: Vec<_> = places.iter().map(at).collect::<Option<_>>()?;
    to.first()?;
    Some((message, to))
}

/// What is known of a part with these recipients and so many attempts before.
pub(super) fn facts<'a>(context: &'a Context, places: &'a [u32], attempts: u32) -> Facts<'a> {
    let (attempts, is_draining) = (attempts.saturating_add(1), context.parts.drain.is_draining());
    Facts { places, attempts, policy: &context.parts.policy, is_draining, draw: fastrand::f64() }
}

/// Has a server, or the DNS, said something of a recipient?
fn is_answered(ended: &PartEnded) -> bool {
    let is_said = |verdict: &PartVerdict| !matches!(verdict.outcome, Outcome::Unavailable | Outcome::Cancelled);
    matches!(ended, PartEnded::Told { verdicts, .. } if verdicts.iter().any(is_said))
}

/// Until a mail is wanted no more. The store says at the mark that it is, by a clock of its own, so it has a minute at least.
fn time_left(expires_at: UnixTime, now: UnixTime) -> Duration {
    expires_at.since(now).max(LEAST_TIME)
}

impl<'a> HandOver<'a> {
    /// An error, with what was claimed: its content cannot be opened, or is not that of this part.
    pub(super) fn open(
        context: &'a Context,
        delivery: &'a DirectDelivery,
        claimed: ClaimedPart,
    ) -> Result<Self, Box<ClaimedPart>> {
        let Some((message, to)) = opened(context, &claimed) else { return Err(Box::new(claimed)) };
        // Not needed any more, and as large as the message.
        let claimed = ClaimedPart { content: None, ..claimed };
        Ok(Self { context, delivery, claimed, message, to })
    }

    /// Delivers it, as far as that is possible now. `may_be_marked` is set before the store is asked for its consent; `has_room`:
    /// there are bytes for it, of those of its domain.
    pub(super) async fn deliver(&self, may_be_marked: &AtomicBool, has_room: bool) {
        let (domain, accepted) = (self.to[0].domain(), self.claimed.accepted_at);
        match self.delivery.direct.prepare(domain, accepted, self.draw()).await {
            Ok(prepared) if !has_room => {
                let (site, until) = (prepared.site().clone(), Instant::now() + WITHOUT_BYTES);
                drop(prepared);
                self.put_off(|closed, domain| closed.turn_away(domain, &site, until)).await;
            }
            Ok(prepared) => self.send(prepared, may_be_marked).await,
            Err(NotNow::NoRoute(no_route)) => self.end(&self.facts().without_route(no_route)).await,
            Err(NotNow::Later { site, until, is_full: true }) => {
                self.put_off(|closed, domain| closed.turn_away(domain, &site, until)).await;
            }
            Err(NotNow::Later { site, until, is_full: false }) => {
                self.put_off(|closed, domain| closed.close(domain, site, until)).await;
            }
        }
    }

    /// The file is made before the mark: a fault of ours in that is none of a hand-over.
    async fn send(&self, prepared: Prepared<'_>, may_be_marked: &AtomicBool) {
        let Ok(mail) = self.delivery.direct.mail(&self.message, self.to.clone()) else {
            drop(prepared);
            error!(id = %self.claimed.id, "a mail cannot be signed with its DKIM key: it waits");
            return self.end(&self.facts().not_signed()).await;
        };
        let mail = mail.wanted_for(time_left(self.claimed.expires_at, SystemTime::now().into()));
        match self.mark(may_be_marked).await {
            Mark::Consents => {
                let (start, site) = (Instant::now(), prepared.site().clone());
                let report = prepared.send(&mail, &self.context.parts.drain).await;
                let ended = self.facts().of_report(&report, start.elapsed());
                let state = self.record(&ended).await;
                // Mail for this site does not wait until a bounce of this one is made.
                place_is_free(self.context, self.delivery, &site).await;
                self.tell(state, &ended).await;
            }
            Mark::Refuses => {
                drop(prepared);
                // Another node may take it at once where this one ends.
                let wait = if self.context.parts.drain.is_draining() { Duration::ZERO } else { POLL };
                self.give_back(wait).await;
            }
            Mark::Unclear => {
                drop(prepared);
                self.end(&self.facts().not_handed_over()).await;
            }
        }
    }

    async fn mark(&self, may_be_marked: &AtomicBool) -> Mark {
        if !self.context.may_work() {
            return Mark::Refuses;
        }
        may_be_marked.store(true, Ordering::Relaxed);
        match timeout(STORE_TIMEOUT, self.delivery.parts.mark_part(&self.claimed.hold)).await {
            Ok(Ok(true)) => Mark::Consents,
            Ok(Ok(false)) => Mark::Refuses,
            Ok(Err(_)) | Err(_) => Mark::Unclear,
        }
    }

    /// Its site takes no mail now, so its domain is closed for a time, once for all of its parts.
    async fn put_off(&self, close: impl FnOnce(&Closed, Hmac) -> Option<Duration>) {
        let (closed, domain) = (&self.context.closed, self.claimed.domain);
        let Some(wait) = close(closed, domain) else {
            // Another node may have opened it meanwhile: without a wait this one would claim it again and again.
            return self.give_back(POLL).await;
        };
        let closing = timeout(STORE_TIMEOUT, self.delivery.parts.close_domain(&domain, wait)).await;
        if !matches!(closing, Ok(Ok(()))) {
            closed.forget(&domain);
        }
        self.give_back(Duration::ZERO).await;
    }

    async fn give_back(&self, wait: Duration) {
        give_back(self.delivery, &self.claimed.hold, wait).await;
    }

    async fn end(&self, ended: &PartEnded) {
        let state = self.record(ended).await;
        self.tell(state, ended).await;
    }

    /// The state of its mail.
    async fn record(&self, ended: &PartEnded) -> Option<State> {
        if self.claimed.attempts == 0 && is_answered(ended) {
            self.context.ahead.answered(self.claimed.id);
        }
        record(self.delivery, &self.claimed.hold, ended).await
    }

    async fn tell(&self, state: Option<State>, ended: &PartEnded) {
        if state.is_some_and(State::is_final) && self.may_be_told(ended) {
            tell_of_ended(self.context, self.delivery, self.claimed.hold.part, &self.message).await;
        }
    }

    /// May its sender have to be told of something, by this end or an earlier one?
    fn may_be_told(&self, ended: &PartEnded) -> bool {
        let PartEnded::Told { verdicts, .. } = ended else { return false };
        let has_others = || self.to.len() < self.message.recipient_mailboxes().count();
        let has_refused = || verdicts.iter().any(|verdict| verdict.to == PartTo::Refused);
        self.message.can_bounce() && (has_refused() || has_others())
    }

    fn facts(&self) -> Facts<'_> {
        facts(self.context, &self.claimed.places, self.claimed.attempts)
    }

    /// Each attempt with a mail tries the servers in the same order.
    fn draw(&self) -> u64 {
        Uuid::from(self.claimed.id).as_u64_pair().1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_over_has_until_its_mail_expires_and_a_minute_whatever_the_clock_of_this_node_says() {
        let left = |expires_at, now| time_left(UnixTime(expires_at), UnixTime(now)).as_secs();
        assert_eq!([left(600_000, 0), left(60_000, 1_000), left(0, 3_600_000)], [600, 60, 60]);
    }
}
