//! A relay that speaks SMTP (RFC 5321): submission with STARTTLS, over TLS from the start, or in clear on purpose.
//!
//! Our own few commands on a stream of bytes, not the library that renders the file: it keeps what it has read ahead
//! across STARTTLS, and so believes in answers that somebody wrote in clear; it hides SIZE; its errors do not tell
//! whether the end of the mail went out. Everything before that end proves that nobody has the mail, a time-out too;
//! silence after it proves nothing, and [`delivery`] listens on when the caller cannot wait any longer.

mod authentication;
mod delivery;
mod mail;
mod pool;
mod reply;
mod session;
mod settings;
mod transaction;
mod verdicts;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Call, Capabilities, Connect, Invalid, Kind, Provider, Values, Variable};
use crate::message::Message;
use crate::outcome::{Outcome, Reason, Recipient, Verdict};
use mail::Mail;
use pool::Pool;
use session::Session;
use settings::Relay;

pub(super) const KIND: Kind = Kind {
    name: "smtp",
    upstream: "smtp",
    local: false,
    // What depends on the relay (SIZE, SMTPUTF8) is known only after its EHLO.
    capabilities: Capabilities { recipients: RECIPIENTS, ..Capabilities::ANY },
    dummy: "a dialogue up to the recipient; free",
    variables: &[
        Variable::required(settings::HOST),
        Variable::optional(settings::PORT),
        Variable::with_default(settings::TLS, "starttls"),
        Variable::optional(settings::USERNAME),
        Variable::optional_secret(settings::PASSWORD),
    ],
    build,
};

/// What every relay must take (RFC 5321 4.5.3.1.8).
const RECIPIENTS: usize = 100;
/// For a call that nobody bounds: a relay may take this long for one answer (RFC 5321 4.5.3.2).
const PATIENCE: Duration = Duration::from_secs(300);

struct Smtp {
    relay: Relay,
    pool: Arc<Pool>,
}

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    Ok(Box::new(Smtp { relay: Relay::read(values, connect)?, pool: Arc::default() }))
}

impl Provider for Smtp {
    fn send<'a>(&'a self, message: &'a Message) -> Call<'a> {
        self.send_within(message, PATIENCE)
    }

    fn send_within<'a>(&'a self, message: &'a Message, time: Duration) -> Call<'a> {
        // The last tenth is for the answer: a time-out before the end of the mail must be ours, who know what it proves.
        let deadline = Instant::now() + time * 9 / 10;
        Box::pin(async move { self.hand_over(message, deadline).await.unwrap_or_else(|verdict| verdict) })
    }

    /// Everything but the mail itself: no DATA.
    fn probe<'a>(&'a self, dummy: &'a Message) -> Call<'a> {
        Box::pin(async { self.rehearse(dummy).await.unwrap_or_else(|verdict| verdict) })
    }
}

impl Smtp {
    async fn hand_over(&self, message: &Message, deadline: Instant) -> Result<Verdict, Verdict> {
        let mail = Mail::of(message)?;
        let addressed = timeout_at(deadline, self.address(&mail)).await;
        let (session, recipients) = addressed.map_err(|_| timed_out())??;
        Ok(delivery::deliver(session, mail, recipients, deadline, Arc::clone(&self.pool)).await)
    }

    /// Up to the relay's word that it waits for the mail. A kept connection may have been closed at the other end: that
    /// proves that nothing was taken, so a new one is tried.
    async fn address(&self, mail: &Mail) -> Result<(Session, Vec<Recipient>), Verdict> {
        if let Some(kept) = self.pool.take() {
            match transaction::begin(kept, mail).await {
                Err(verdict) if is_gone(&verdict) => {}
                begun => return begun,
            }
        }
        transaction::begin(Session::open(&self.relay).await?, mail).await
    }

    async fn rehearse(&self, dummy: &Message) -> Result<Verdict, Verdict> {
        let mail = Mail::of(dummy)?;
        let session = Session::open(&self.relay).await?;
        transaction::rehearse(session, &mail).await
    }
}

fn is_gone(verdict: &Verdict) -> bool {
    matches!(verdict.reason, Reason::ConnectionLost | Reason::Smtp(421))
}

/// Before the end of the mail.
fn timed_out() -> Verdict {
    Verdict::new(Outcome::Unavailable, Reason::Timeout)
}

#[cfg(test)]
mod tests;
