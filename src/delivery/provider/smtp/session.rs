//! A conversation with a relay: greeting, EHLO, STARTTLS, EHLO again, then one command and one reply at a time.

use super::extensions::Extensions;
use super::reply::Reply;
use super::settings::Tls;
use super::stage::Stage;
use super::verdicts::{self, lost, refused};
use super::wire::Wire;
use crate::model::outcome::{Outcome, Reason, Verdict};

/// A conversation with a relay that is ready for mail.
pub(super) struct Session {
    wire: Wire,
    extensions: Extensions,
}

impl Session {
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
        match extensions(&mut wire, we).await {
            Ok(extensions) => Ok(Self { wire, extensions }),
            Err(verdict) => {
                wire.leave();
                Err(verdict)
            }
        }
    }

    /// What the relay has said in clear is forgotten.
    pub(super) async fn encrypt(mut self, tls: &Tls, we: &str) -> Result<Self, Verdict> {
        if self.extensions.starttls && self.command("STARTTLS").await?.code == 220 {
            return Self::hello(self.wire.encrypt(tls).await.map_err(|_| no_tls())?, we).await;
        }
        self.leave();
        Err(no_tls())
    }

    pub(super) fn extensions(&self) -> &Extensions {
        &self.extensions
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
async fn extensions(wire: &mut Wire, we: &str) -> Result<Extensions, Verdict> {
    let reply = wire.command(&format!("EHLO {we}")).await;
    if let Ok(Reply { code: 500..=502 | 504 | 550, .. }) = reply {
        let hello = wire.command(&format!("HELO {we}")).await;
        return verdicts::expect(Stage::Opening, 250, hello).map(|_| Extensions::default());
    }
    verdicts::expect(Stage::Opening, 250, reply).map(|reply| Extensions::read(&reply))
}

pub(super) fn no_tls() -> Verdict {
    Verdict::new(Outcome::Unavailable, Reason::Tls)
}
