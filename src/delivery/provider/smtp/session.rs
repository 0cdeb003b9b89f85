//! From nothing to a relay that is ready for mail: connect, greeting, EHLO, STARTTLS, EHLO again, AUTH.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::time::timeout;

use super::super::client::lacks_resources;
use super::authentication;
use super::connect;
use super::offers::Offers;
use super::reply::Reply;
use super::settings::{Relay, Security, Tls};
use super::verdicts::{self, Stage, lost, refused};
use super::wire::Wire;
use crate::model::outcome::{Outcome, Reason, Verdict};

/// A conversation with a relay that is ready for mail.
pub(super) struct Session {
    wire: Wire,
    offers: Offers,
}

impl Session {
    pub(super) async fn open(relay: &Relay) -> Result<Self, Verdict> {
        let reaching = timeout(relay.connect_timeout, reach(relay)).await;
        let (wire, we) = reaching.unwrap_or(Err(Verdict::new(Outcome::Unavailable, Reason::Connect)))?;
        let mut session = Self::greet(wire, &we).await?;
        if let Security::Starttls(tls) = &relay.security {
            session = session.encrypt(tls, &we).await?;
        }
        let Some(login) = &relay.login else { return Ok(session) };
        match authentication::authenticate(&mut session, relay, login).await {
            Ok(()) => Ok(session),
            Err(verdict) => {
                session.leave();
                Err(verdict)
            }
        }
    }

    /// Hears the greeting, and says hello.
    pub(super) async fn greet(mut wire: Wire, we: &str) -> Result<Self, Verdict> {
        match verdicts::expect(Stage::Opening, 220, wire.reply().await) {
            Ok(_) => Self::hello(wire, we).await,
            Err(verdict) => {
                wire.leave();
                Err(verdict)
            }
        }
    }

    async fn hello(mut wire: Wire, we: &str) -> Result<Self, Verdict> {
        match offers(&mut wire, we).await {
            Ok(offers) => Ok(Self { wire, offers }),
            Err(verdict) => {
                wire.leave();
                Err(verdict)
            }
        }
    }

    /// What the relay has said in clear is forgotten.
    async fn encrypt(mut self, tls: &Tls, we: &str) -> Result<Self, Verdict> {
        if self.offers.starttls && self.command("STARTTLS").await?.code == 220 {
            return Self::hello(self.wire.encrypt(tls).await.map_err(|_| no_tls())?, we).await;
        }
        self.leave();
        Err(no_tls())
    }

    pub(super) fn offers(&self) -> &Offers {
        &self.offers
    }

    /// One exchange before the end of a mail.
    pub(super) async fn command(&mut self, line: &str) -> Result<Reply, Verdict> {
        self.wire.command(line).await.map_err(|error| lost(Outcome::Unavailable, &error))
    }

    /// Sends lines for which the answers are still to come.
    pub(super) async fn send(&mut self, lines: &str) -> Result<(), Verdict> {
        self.wire.send(lines).await.map_err(|error| lost(Outcome::Unavailable, &error))
    }

    /// Waits for the next answer.
    pub(super) async fn reply(&mut self) -> Result<Reply, Verdict> {
        self.wire.reply().await.map_err(|error| lost(Outcome::Unavailable, &error))
    }

    /// One exchange where the line is a secret: no reply that repeats it is recorded so.
    pub(super) async fn secret(&mut self, line: &str) -> Result<Reply, Verdict> {
        self.wire.secret(line).await.map_err(|error| lost(Outcome::Unavailable, &error))
    }

    /// One exchange for which only one code will do.
    pub(super) async fn expect(&mut self, stage: Stage, code: u16, line: &str) -> Result<Reply, Verdict> {
        let reply = self.command(line).await?;
        if reply.code == code { Ok(reply) } else { Err(refused(stage, &reply)) }
    }

    pub(super) fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    /// Says goodbye, for which nobody waits.
    pub(super) fn leave(self) {
        self.wire.leave();
    }
}

/// What the relay can do. One that does not know EHLO can do nothing but take mail: HELO (RFC 5321 3.2, 4.1.1.1). So says
/// 500 or 502, and some say 501, 504 or 550; a relay that means "not you" says it to HELO once more.
async fn offers(wire: &mut Wire, we: &str) -> Result<Offers, Verdict> {
    let reply = wire.command(&format!("EHLO {we}")).await;
    if let Ok(Reply { code: 500..=502 | 504 | 550, .. }) = reply {
        let hello = wire.command(&format!("HELO {we}")).await;
        return verdicts::expect(Stage::Opening, 250, hello).map(|_| Offers::default());
    }
    verdicts::expect(Stage::Opening, 250, reply).map(|reply| Offers::read(&reply))
}

/// A connection, encrypted where that comes first; and what to call ourselves: the operator's word, or our address
/// (RFC 5321 4.1.3).
async fn reach(relay: &Relay) -> Result<(Wire, String), Verdict> {
    let unavailable = |reason| Verdict::new(Outcome::Unavailable, reason);
    let stream = connect::to_first(addresses(relay).await?, relay.port).await.map_err(unavailable)?;
    let we = match (&relay.helo, stream.local_addr().map_err(no_connection)?) {
        (Some(name), _) => name.clone(),
        (None, SocketAddr::V4(address)) => format!("[{}]", address.ip()),
        (None, SocketAddr::V6(address)) => format!("[IPv6:{}]", address.ip()),
    };
    let wire = Wire::new(stream);
    match &relay.security {
        Security::Implicit(tls) => Ok((wire.encrypt(tls).await.map_err(|_| no_tls())?, we)),
        Security::Starttls(_) | Security::None => Ok((wire, we)),
    }
}

/// An address needs no looking up.
async fn addresses(relay: &Relay) -> Result<Vec<IpAddr>, Verdict> {
    match relay.host.parse() {
        Ok(address) => Ok(vec![address]),
        Err(_) => relay.resolver.lookup(&relay.host).await.map_err(|error| {
            let reason = if lacks_resources(&*error) { Reason::LocalLimit } else { Reason::Dns };
            Verdict::new(Outcome::Unavailable, reason)
        }),
    }
}

fn no_connection(_: io::Error) -> Verdict {
    Verdict::new(Outcome::Unavailable, Reason::Connect)
}

fn no_tls() -> Verdict {
    Verdict::new(Outcome::Unavailable, Reason::Tls)
}
