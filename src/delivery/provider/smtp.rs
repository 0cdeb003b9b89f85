//! A relay that speaks SMTP (RFC 5321): submission with STARTTLS, over TLS from the start, or in clear on purpose.
//!
//! The dialogue is that of [`smtp_client`](crate::delivery::smtp_client); here are the relay's settings, the login, and what
//! its answers prove. Everything before the end of a mail proves that nobody has it, a time-out too; silence after it proves
//! nothing, and [`delivery`] listens on when the caller cannot wait any longer.

mod authentication;
mod delivery;
mod mail;
mod opening;
mod settings;
mod token;
mod transaction;
mod verdicts;
mod reply_text;

use std::sync::Arc;

use super::call::{Call, Delivery, Mode, Provider};
use super::capabilities::{Capabilities, Lookup};
use super::hand_over::HandOver;
use super::kind::Kind;
use super::metadata_headers::metadata_headers;
use super::values::{Connect, Invalid, Values};
use crate::delivery::mime::MetadataHeaders;
use crate::delivery::smtp_client::pool::Pool;
use crate::delivery::smtp_client::progress::Progress;
use crate::delivery::smtp_client::session::Session;
use crate::model::message::{Header, Mailbox, Message};
use crate::model::outcome::{Outcome, Reason, Recipient, Subject, Verdict};
use crate::runtime::off_worker::off_worker;
use crate::runtime::settings::Row;
use mail::Mail;
use settings::Relay;

pub(super) const KIND: Kind = Kind {
    name: "smtp",
    upstream: "smtp",
    local: false,
    // What depends on the relay is known only from its answers: SIZE and SMTPUTF8 after EHLO, and how many recipients it takes
    // (100 at least, RFC 5321 4.5.3.1.8) after RCPT.
    capabilities: Capabilities { lookup: Lookup::MessageId, longest_answer: delivery::LONG_WAIT, ..Capabilities::ANY },
    reserved_headers: &[],
    probe: "a dialogue up to the recipient; free",
    #[cfg(test)]
    codes: &[],
    variables: &[
        Row::required(settings::HOST, "host name or address", "the relay"),
        Row::optional(settings::PORT, "port", "the relay's port")
            .by_default("by the relay's `TLS`: 587, 465, 25")
            .listed_as(|values| Some(settings::port(values))),
        Row::with_default(
            settings::TLS,
            "starttls",
            "`starttls`, `implicit`, `none`",
            "never less than `starttls`: without STARTTLS no mail; `implicit`: TLS from the first byte; `none`: in clear, the \
             password or token too",
        ),
        Row::optional(settings::USERNAME, "text", "goes with the password or the token"),
        Row::optional_secret(settings::PASSWORD, "for AUTH PLAIN or LOGIN"),
        Row::optional(
            settings::TOKEN_FILE,
            "path",
            "instead of a password: the file with an access token of OAuth 2.0, for OAUTHBEARER or XOAUTH2",
        ),
        Row::optional(
            settings::HELO,
            "host name or address in brackets",
            "what we call ourselves: this host's full name, such as `mail.example.org`; strict relays want a name",
        )
        .by_default("our address in brackets"),
        metadata_headers("`true`: every recipient sees tags and metadata, as `X-Tags` and `X-Metadata`"),
    ],
    build,
};

struct Smtp {
    relay: Relay,
    metadata_headers: MetadataHeaders,
    pool: Arc<Pool<()>>,
}

fn build(values: &Values, connect: Connect) -> Result<Box<dyn Provider>, Invalid> {
    Ok(Box::new(Smtp {
        relay: Relay::read(values, connect)?,
        metadata_headers: MetadataHeaders::read(values)?,
        pool: Arc::default(),
    }))
}

impl Provider for Smtp {
    /// A probe is everything but the mail itself: no DATA.
    fn send<'a>(&'a self, Delivery { message, mode, hand_over }: Delivery<'a>) -> Call<'a> {
        hand_over.track();
        Box::pin(async move {
            let verdict = match mode {
                Mode::First | Mode::Repeat => self.hand_over(message, &hand_over).await,
                Mode::Probe => self.probe(message).await,
            };
            unless_echoed(verdict.unwrap_or_else(|verdict| verdict), message)
        })
    }
}

impl Smtp {
    async fn hand_over(&self, message: &Message, hand_over: &Arc<HandOver>) -> Result<Verdict, Verdict> {
        let mail = Mail::of(message, self.metadata_headers);
        let (session, recipients) = self.address(&mail, hand_over).await?;
        Ok(delivery::deliver(session, mail, recipients, hand_over, Arc::clone(&self.pool)).await)
    }

    /// Up to the relay's word that it waits for the mail. A kept connection may have been closed at the other end: that
    /// proves that nothing was taken, so a new one is tried.
    async fn address(&self, mail: &Mail, hand_over: &HandOver) -> Result<(Session, Vec<Recipient>), Verdict> {
        if let Some(kept) = self.pool.take(&()) {
            match transaction::begin(kept, mail, hand_over).await {
                Err(verdict) if is_gone(&verdict) => {}
                begun => return begun,
            }
        }
        transaction::begin(opening::open(&self.relay).await?, mail, hand_over).await
    }

    async fn probe(&self, probe: &Message) -> Result<Verdict, Verdict> {
        let mail = Mail::of(probe, self.metadata_headers);
        let session = opening::open(&self.relay).await?;
        transaction::probe(session, &mail).await
    }
}

/// A relay that tells of a rate or a quota in words may have them from the mail: then it is the mail that is put off.
fn unless_echoed(verdict: Verdict, message: &Message) -> Verdict {
    let by_words = verdict.outcome == Outcome::Throttled && !verdicts::is_by_code(&verdict);
    let texts = || {
        let names = message.mailboxes().filter_map(Mailbox::name);
        let headers = message.headers().iter().map(Header::value);
        [Some(message.subject()), message.text(), message.html()].into_iter().flatten().chain(names).chain(headers)
    };
    if by_words && off_worker(message.size(), || texts().any(verdicts::speaks_of_a_rate)) {
        return Verdict { outcome: Outcome::Deferred, ..verdict }.about(Subject::Content, verdict.code);
    }
    verdict
}

impl Progress for HandOver {
    fn write(&self) {
        Self::write(self);
    }

    fn moved(&self) {
        Self::moved(self);
    }
}

fn is_gone(verdict: &Verdict) -> bool {
    matches!(verdict.reason, Reason::ConnectionLost | Reason::Smtp(421))
}

#[cfg(test)]
mod tests;
