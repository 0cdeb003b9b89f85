//! The mail server of some domains: it takes mail, and meets a fault where its script says so.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::fault::{Act, Fault, Stage};
use super::record::Record;
use super::script::Script;
use super::wire::{Wire, ended};

/// How much later a slow server says what it says.
const LATER: Duration = Duration::from_millis(150);

/// A running one.
pub(super) struct Host {
    accepting: JoinHandle<()>,
}

/// What its connections share.
struct Shared {
    name: String,
    script: Script,
    record: Arc<Record>,
    tls: TlsAcceptor,
    connections: AtomicUsize,
}

/// A mail on its way in.
struct Mail {
    number: usize,
    /// How often it has come here before.
    before: usize,
    fault: Option<&'static Fault>,
    to: Vec<String>,
}

impl Host {
    /// Serves at this listener under this name, the one that clients know it by.
    pub(super) fn serve(
        listener: TcpListener,
        name: &str,
        script: Script,
        record: Arc<Record>,
        tls: TlsAcceptor,
    ) -> Self {
        let shared = Shared { name: name.to_owned(), script, record, tls, connections: AtomicUsize::new(0) };
        let shared = Arc::new(shared);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                // How it ends is no fault of anybody's.
                connections.spawn(async move { drop(shared.converse(stream).await) });
            }
        });
        Self { accepting }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    async fn converse(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let number = self.connections.fetch_add(1, Ordering::SeqCst);
        let fault = self.script.of_connection(&self.name, number);
        let offers_tls = self.script.offers_tls(fault, &self.name, number);
        let mut wire = Wire::over(stream);
        self.answer(&mut wire, fault, Stage::Greeting, "220 mx ESMTP").await?;
        let (mut mail, mut is_encrypted) = (None, false);
        loop {
            let line = wire.line().await?;
            match line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "EHLO" => {
                    let starttls = if offers_tls && !is_encrypted { "250-STARTTLS\r\n" } else { "" };
                    let usual = format!("250-mx\r\n{starttls}250-SIZE 52428800\r\n250-PIPELINING\r\n250 8BITMIME");
                    self.answer(&mut wire, fault, Stage::Ehlo, &usual).await?;
                }
                "STARTTLS" => {
                    let said = self.answer(&mut wire, fault, Stage::Starttls, "220 go on").await?;
                    if said.starts_with("220") {
                        wire = self.encrypted(wire, fault).await?;
                        is_encrypted = true;
                    }
                }
                "MAIL" => mail = self.begin(&mut wire, &line).await?,
                "RCPT" => match &mut mail {
                    Some(mail) => self.recipient(&mut wire, mail, &line).await?,
                    None => wire.say("503 5.5.1 no MAIL").await?,
                },
                "DATA" => match mail.take().filter(|mail: &Mail| !mail.to.is_empty()) {
                    Some(mail) => self.take(&mut wire, &mail).await?,
                    None => wire.say("503 5.5.1 no RCPT").await?,
                },
                "QUIT" => return wire.say("221 2.0.0 bye").await,
                _ => {
                    mail = None;
                    wire.say("250 2.0.0 ok").await?;
                }
            }
        }
    }

    /// Says the usual, or does what the fault says. What was said.
    async fn answer(&self, wire: &mut Wire, fault: Option<&Fault>, at: Stage, usual: &str) -> io::Result<String> {
        let act = fault.filter(|fault| fault.stage == at).map(|fault| fault.act);
        let said = match act {
            Some(Act::Say(said)) => said,
            Some(Act::Close) => return Err(ended()),
            Some(Act::Silence) => return Err(wire.silence(self.script.silence).await),
            Some(Act::Cut) => {
                wire.write("250-2.0.0 cut\r\n25").await?;
                return Err(ended());
            }
            Some(Act::Slow) => {
                sleep(LATER).await;
                usual
            }
            None => usual,
        };
        wire.say(said).await?;
        Ok(said.to_owned())
    }

    async fn encrypted(&self, mut wire: Wire, fault: Option<&Fault>) -> io::Result<Wire> {
        if fault.is_some_and(|fault| fault.stage == Stage::Handshake) {
            self.answer(&mut wire, fault, Stage::Handshake, "").await?;
            return Err(ended());
        }
        Ok(Wire::over(self.tls.accept(wire.into_stream()).await?))
    }

    async fn begin(&self, wire: &mut Wire, line: &str) -> io::Result<Option<Mail>> {
        let number = path(line).strip_prefix('m').and_then(|rest| rest.split('@').next()?.parse().ok());
        let number = number.ok_or_else(ended)?;
        let before = self.record.begins(number, &self.name);
        let fault = self.script.of_transaction(&self.name, number, before);
        let said = self.answer(wire, fault, Stage::Mail, "250 2.1.0 ok").await?;
        self.record.says(number, &[String::new()], &said);
        let mail = Mail { number, before, fault, to: Vec::new() };
        Ok(said.starts_with('2').then_some(mail))
    }

    async fn recipient(&self, wire: &mut Wire, mail: &mut Mail, line: &str) -> io::Result<()> {
        let to = path(line).to_ascii_lowercase();
        let fault = mail.fault.filter(|_| self.script.has_recipient(&to, mail.before));
        let said = self.answer(wire, fault, Stage::Rcpt, "250 2.1.5 ok").await?;
        let to = [to];
        self.record.says(mail.number, &to, &said);
        if said.starts_with('2') {
            mail.to.extend(to);
        }
        Ok(())
    }

    async fn take(&self, wire: &mut Wire, mail: &Mail) -> io::Result<()> {
        let Mail { number, fault, to, .. } = mail;
        let said = self.answer(wire, *fault, Stage::Data, "354 go on").await?;
        self.record.says(*number, to, &said);
        if !said.starts_with("354") {
            return Ok(());
        }
        self.record.is_unclear(*number, to);
        while wire.line().await? != "." {
            if fault.is_some_and(|fault| fault.stage == Stage::Content) {
                return Err(ended());
            }
        }
        if fault.is_none_or(|fault| fault.stage != Stage::Dot || fault.takes) {
            self.record.takes(*number, to, &self.name);
        }
        let said = self.answer(wire, *fault, Stage::Dot, "250 2.0.0 ok").await?;
        self.record.says(*number, to, &said);
        if said.starts_with(['2', '4', '5']) {
            self.record.is_clear(*number, to);
        }
        Ok(())
    }
}

/// The address of MAIL or RCPT.
fn path(line: &str) -> &str {
    line.split(['<', '>']).nth(1).unwrap_or_default()
}
