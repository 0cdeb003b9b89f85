//! A conversation with a far end: greeting, EHLO, STARTTLS, EHLO again, then one command and one reply at a time.

use std::time::Duration;

use super::extensions::Extensions;
use super::failure::{Failure, expect};
use super::progress::Progress;
use super::reply::Reply;
use super::stage::Stage;
use super::tls::Tls;
use super::wire::Wire;

/// For what a far end that has hung up, or speaks before it is asked, has said.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// A conversation with a far end that is ready for mail.
pub struct Session {
    wire: Wire,
    extensions: Extensions,
    carried: usize,
    lacks_tls: bool,
    is_encrypted: bool,
}

impl Session {
    /// Hears the greeting, and says hello.
    pub async fn greet(mut wire: Wire, we: &str) -> Result<Self, Failure> {
        match greeting(&mut wire).await {
            Ok(()) => Self::hello(wire, we).await,
            Err(failure) => {
                wire.leave();
                Err(failure)
            }
        }
    }

    async fn hello(mut wire: Wire, we: &str) -> Result<Self, Failure> {
        match extensions(&mut wire, we).await {
            Ok(extensions) => Ok(Self { wire, extensions, carried: 0, lacks_tls: false, is_encrypted: false }),
            Err(failure) => {
                wire.leave();
                Err(failure)
            }
        }
    }

    /// Goes on under TLS, or ends. What the far end has said in clear is forgotten.
    pub async fn encrypt(mut self, tls: &Tls, we: &str) -> Result<Self, Failure> {
        if self.extensions.starttls && self.command("STARTTLS").await?.code == 220 {
            let wire = self.wire.encrypt(tls).await.map_err(|_| Failure::NoTls)?;
            return Ok(Self { is_encrypted: true, ..Self::hello(wire, we).await? });
        }
        self.leave();
        Err(Failure::NoTls)
    }

    /// Notes that it is in clear because TLS, which the far end offers, could not be begun.
    #[must_use]
    pub fn lacking_tls(self) -> Self {
        Self { lacks_tls: true, ..self }
    }

    /// Has it gone on under TLS?
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// Is it in clear although the far end offers TLS? Then what it refuses may be what it takes under TLS.
    pub fn lacks_tls(&self) -> bool {
        self.lacks_tls
    }

    /// Bounds each wait from now on: for an answer, or for a block of the mail to be taken.
    pub fn wait_at_most(&mut self, limit: Duration) {
        self.wire.wait_at_most(limit);
    }

    /// How many mails have come to their end on it.
    pub fn carried(&self) -> usize {
        self.carried
    }

    /// What the far end can do.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// Fails where the far end has said something for which it was not asked, or has hung up: a reply too many would be taken
    /// for the answer to the next command. It waits for nothing.
    pub fn in_step(&mut self) -> Result<(), Failure> {
        Ok(self.wire.in_step()?)
    }

    /// One exchange.
    pub async fn command(&mut self, line: &str) -> Result<Reply, Failure> {
        Ok(self.wire.command(line).await?)
    }

    /// Sends lines for which the answers are still to come.
    pub async fn send(&mut self, lines: &str) -> Result<(), Failure> {
        Ok(self.wire.send(lines).await?)
    }

    /// Waits for the next answer.
    pub async fn reply(&mut self) -> Result<Reply, Failure> {
        Ok(self.wire.reply().await?)
    }

    /// One exchange where the line is a secret: no reply that repeats it is recorded so.
    pub async fn secret(&mut self, line: &str) -> Result<Reply, Failure> {
        Ok(self.wire.secret(line).await?)
    }

    /// One exchange for which only one code will do, where the far end has said nothing unasked.
    pub async fn expect(&mut self, stage: Stage, code: u16, line: &str) -> Result<Reply, Failure> {
        self.in_step()?;
        expect(stage, code, self.command(line).await?)
    }

    /// Sends every line of a mail after DATA was answered. Without the end that is still missing, nobody has the mail. It fails
    /// where the far end has said something meanwhile: that would be taken for the answer to the end.
    pub async fn lines(&mut self, file: &[u8], progress: &impl Progress) -> Result<(), Failure> {
        let written = self.wire.lines(file, progress).await.map_err(Failure::from);
        match written.and_then(|()| self.in_step()) {
            // It may have said why, and hung up.
            Err(Failure::Lost | Failure::Unreadable) => Err(self.early().await),
            written => written,
        }
    }

    /// What the far end has said of a mail before its end, which is then not written: nobody has it, so a refusal holds.
    async fn early(&mut self) -> Failure {
        self.wait_at_most(LAST_WORDS);
        match self.reply().await {
            Ok(reply) if reply.code >= 400 => Failure::Refused(Stage::Data, reply),
            Ok(_) => Failure::Unreadable,
            Err(failure) => failure,
        }
    }

    /// Ends the mail, and waits for the answer. From here on, only an answer proves anything. A far end that has hung up before
    /// may have said why: then a refusal is its answer.
    pub async fn end(&mut self) -> Result<Reply, Failure> {
        self.carried += 1;
        let Err(failure) = self.send(".").await else { return self.reply().await };
        self.wait_at_most(LAST_WORDS);
        match self.reply().await {
            Ok(reply) if failure == Failure::Lost && reply.code >= 400 => Ok(reply),
            _ => Err(failure),
        }
    }

    /// Says goodbye, for which nobody waits.
    pub fn leave(self) {
        self.wire.leave();
    }
}

async fn greeting(wire: &mut Wire) -> Result<(), Failure> {
    expect(Stage::Opening, 220, wire.reply().await?).map(drop)
}

/// What the far end can do. One that does not know EHLO can do nothing but take mail: HELO (RFC 5321 3.2, 4.1.1.1). So says
/// 500 or 502, and some say 501, 504 or 550; a far end that means "not you" says it to HELO once more.
async fn extensions(wire: &mut Wire, we: &str) -> Result<Extensions, Failure> {
    let reply = wire.command(&format!("EHLO {we}")).await?;
    if let 500..=502 | 504 | 550 = reply.code {
        let hello = wire.command(&format!("HELO {we}")).await?;
        return expect(Stage::Opening, 250, hello).map(|_| Extensions::default());
    }
    expect(Stage::Opening, 250, reply).map(|reply| Extensions::read(&reply))
}
