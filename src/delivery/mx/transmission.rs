//! The transmission of one mail to the mail hosts of one domain: addresses in their order, sessions, a verdict for each
//! recipient.
//!
//! What is refused for now at one address is tried at the next; what is refused for good, and what was taken, is not tried
//! again. Everything up to the end of a mail proves that nobody has it; after that only an answer proves anything, and silence is
//! waited for, so who drops a transmission does not know what became of it.
//!
//! Deliberately absent: looking up, signing, retries later, and whether a site takes mail at all. A mail host whose
//! greeting is 5yz is tried again later like one that is not there, for it may mean this address of ours, or this hour.

mod bounds;
mod level;
mod mail;
mod opening;
mod protection;
mod reached;
mod recipient_end;
mod report;
mod target;
mod transaction;
mod unreachable;
mod verdicts;
mod walk;

use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::Error;

use crate::delivery::smtp_client::pool::Pool;
use crate::delivery::smtp_client::session::Session;
use crate::runtime::metrics::Mx;
use crate::runtime::shutdown::Shutdown;
pub use bounds::WHOLE_PATIENCE;
pub use level::Level;
pub use mail::Mail;
pub use protection::Protection;
pub use recipient_end::RecipientEnd;
pub use report::{Contact, Report};
pub use target::Target;

use bounds::Bounds;
use opening::{Closed, Connectors, Key, Opener};
use reached::Reached;
use transaction::transact;
use unreachable::Unreachable;
use walk::Walk;

/// Addresses of one transmission.
const MAX_ADDRESSES: usize = 5;
/// Sessions of one transmission in which a mail host has answered EHLO: two that refuse it for now are enough.
const MAX_SESSIONS: usize = 2;
/// Sessions that are kept, over all mail hosts.
const MAX_KEPT: usize = 256;
/// Mails of one session.
const MAX_MAILS: usize = 100;

/// Transmits mails, and keeps sessions between them.
pub struct Transmitter {
    opener: Opener,
    pool: Arc<Pool<Key>>,
    unreachable: Unreachable,
    reached: Reached,
    final_timeout: Duration,
    metrics: Mx,
}

impl Transmitter {
    /// Calls itself `helo`, and waits so long for the answer to the end of a mail. It fails where no TLS client can be made.
    pub fn new(helo: String, final_timeout: Duration) -> Result<Self, Error> {
        Ok(Self::with(Opener::new(helo, Connectors::of_the_system()?), final_timeout))
    }

    fn with(opener: Opener, final_timeout: Duration) -> Self {
        Self {
            opener,
            pool: Arc::new(Pool::with_room_for(MAX_KEPT)),
            unreachable: Unreachable::default(),
            reached: Reached::default(),
            final_timeout,
            metrics: Mx::default(),
        }
    }

    /// Counts its sessions there.
    #[must_use]
    pub fn counted_by(self, metrics: Mx) -> Self {
        Self { metrics, ..self }
    }

    /// Transmits a mail to these addresses, of which there is one at least, in their order. It waits so long (`patience`) for
    /// each answer before a mail may follow; after the last call of `drain` it begins nothing and waits for nothing.
    pub async fn send(
        &self,
        targets: &[Target],
        level: Level,
        mail: &Mail,
        patience: Duration,
        drain: &Shutdown,
    ) -> Report {
        let mut walk = Walk::new(mail.to().len(), patience);
        let bounds = Bounds::new(mail.time_left(), self.final_timeout, drain);
        let mut sessions = 0;
        for target in self.in_order(targets, level) {
            if !walk.goes_on() || sessions == MAX_SESSIONS {
                break;
            }
            if let Some(kept) = self.pool.take(&Key::of(target, level))
                && self.carry(kept, target, level, mail, bounds, &mut walk).await
            {
                self.reached.note();
                sessions += 1;
                continue;
            }
            match bounds.before_the_end(self.opener.open(target, level, patience)).await {
                Err(end) => walk.put_off(end, target),
                Ok(Err(closed)) => {
                    if matches!(closed, Closed::Failed(_)) {
                        self.reached.note();
                    }
                    if closed.is_of_the_address() {
                        self.unreachable.note(target.address);
                    }
                    walk.not_opened(closed, target);
                }
                Ok(Ok(session)) => {
                    self.reached.note();
                    self.unreachable.forget(target.address);
                    self.metrics.session(Protection::of(&session, level).as_str());
                    sessions += 1;
                    self.carry(session, target, level, mail, bounds, &mut walk).await;
                }
            }
        }
        walk.report(self.reached.was_lately())
    }

    /// As they are, but that those which could not be spoken to a moment ago go last, and an address of the first host with
    /// which there is a session goes before its others.
    fn in_order<'a>(&self, targets: &'a [Target], level: Level) -> Vec<&'a Target> {
        let is_reachable = |target: &&Target| !self.unreachable.has(target.address);
        let (mut ordered, last): (Vec<_>, Vec<_>) = targets.iter().take(MAX_ADDRESSES).partition(is_reachable);
        let of_first = ordered.chunk_by(|one, next| one.host == next.host).next().unwrap_or_default();
        if let Some(kept) = of_first.iter().position(|target| self.pool.has(&Key::of(target, level))) {
            ordered[..=kept].rotate_right(1);
        }
        ordered.extend(last);
        ordered
    }

    /// Carries the mail along this session to all that wait for it, in as many transactions as the host wants. Has the host
    /// said anything? A kept session may have ended at the other end.
    async fn carry(
        &self,
        session: Session,
        target: &Target,
        level: Level,
        mail: &Mail,
        bounds: Bounds<'_>,
        walk: &mut Walk,
    ) -> bool {
        let (mut next, mut has_answered) = (Some(session), false);
        while let Some(session) = next.take() {
            let places = walk.pending();
            let Some(done) = transact(session, mail, &places, bounds).await else { break };
            has_answered = true;
            walk.ended(&places, done.ends, target);
            match done.session {
                Some(session) if session.carried() == MAX_MAILS => session.leave(),
                Some(session) if done.wants_more => next = Some(session),
                // The next mail may find TLS.
                Some(session) if session.lacks_tls() => session.leave(),
                Some(session) => self.pool.keep(Key::of(target, level), session),
                None => {}
            }
        }
        has_answered
    }
}

#[cfg(test)]
mod tests;
