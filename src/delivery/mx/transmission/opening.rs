//! From an address to a session in which mail may follow: connection, greeting, EHLO, STARTTLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::Error;
use tokio_rustls::rustls::pki_types::ServerName;

use super::level::Level;
use super::target::Target;
use crate::delivery::smtp_client::connect::{NotConnected, to_one};
use crate::delivery::smtp_client::failure::Failure;
use crate::delivery::smtp_client::session::Session;
use crate::delivery::smtp_client::tls::{self, Tls};
use crate::delivery::smtp_client::wire::Wire;
use crate::model::outcome::Reason;

const CONNECT: Duration = Duration::from_secs(30);

/// Opens sessions.
pub(super) struct Opener {
    helo: String,
    connectors: Connectors,
}

/// Ways to begin TLS.
pub(super) struct Connectors {
    /// With any certificate.
    pub(super) unchecked: TlsConnector,
    /// With a certificate that is trusted.
    pub(super) verified: TlsConnector,
}

/// With whom a session is kept, and what it may be used for.
#[derive(PartialEq, Eq)]
pub(super) struct Key {
    address: SocketAddr,
    level: Level,
    /// A certificate was verified for this name alone.
    host: Arc<str>,
}

/// Why there is no session.
#[derive(Debug)]
pub(super) enum Closed {
    NoConnection(Reason),
    /// This machine knows no way there.
    NoWay,
    Failed(Failure),
}

impl Closed {
    /// Would another mail fare in the same way at this address? A refusal may be of this hour, and TLS is a matter of the level.
    pub(super) fn is_of_the_address(&self) -> bool {
        match self {
            Self::NoConnection(reason) => !reason.is_ours(),
            Self::NoWay => true,
            Self::Failed(failure) => matches!(failure, Failure::Lost | Failure::Late | Failure::Unreadable),
        }
    }
}

impl From<NotConnected> for Closed {
    fn from(not: NotConnected) -> Self {
        match not {
            NotConnected::NoWay => Self::NoWay,
            NotConnected::Failed(reason) => Self::NoConnection(reason),
        }
    }
}

impl Connectors {
    /// Those that trust the system's certificate authorities.
    pub(super) fn of_the_system() -> Result<Self, Error> {
        Ok(Self { unchecked: tls::unchecked()?, verified: tls::verifying()? })
    }
}

impl Key {
    pub(super) fn of(target: &Target, level: Level) -> Self {
        Self { address: target.address, level, host: Arc::clone(&target.host) }
    }
}

impl Opener {
    pub(super) fn new(helo: String, connectors: Connectors) -> Self {
        Self { helo, connectors }
    }

    /// A session with as much TLS as the level asks for; `patience` is for the greeting, and for each answer before MAIL.
    pub(super) async fn open(&self, target: &Target, level: Level, patience: Duration) -> Result<Session, Closed> {
        let session = self.greeted(target, patience).await?;
        if level == Level::Opportunistic && !session.extensions().starttls {
            return Ok(session);
        }
        let encrypted = match self.tls(target, level) {
            Some(tls) => session.encrypt(&tls, &self.helo).await,
            None => Err(Failure::NoTls),
        };
        match encrypted {
            Err(refused @ Failure::Refused(..)) => Err(Closed::Failed(refused)),
            // Better in clear than not at all; this connection is of no use any more.
            Err(_) if level == Level::Opportunistic => self.greeted(target, patience).await.map(Session::lacking_tls),
            // It was there until it was asked for TLS.
            Err(Failure::Lost) => Err(Closed::Failed(Failure::NoTls)),
            encrypted => encrypted.map_err(Closed::Failed),
        }
    }

    async fn greeted(&self, target: &Target, patience: Duration) -> Result<Session, Closed> {
        let connecting = timeout(CONNECT.min(patience), to_one(target.address)).await;
        let stream = connecting.unwrap_or(Err(NotConnected::Failed(Reason::Connect)))?;
        let mut wire = Wire::new(stream);
        wire.wait_at_most(patience);
        Session::greet(wire, &self.helo).await.map_err(Closed::Failed)
    }

    /// A host whose name no certificate can have cannot be verified.
    fn tls(&self, target: &Target, level: Level) -> Option<Tls> {
        let name = ServerName::try_from(target.host.trim_end_matches('.').to_owned()).ok();
        if level == Level::Verified {
            return Some(Tls { connector: self.connectors.verified.clone(), name: name? });
        }
        let name = name.unwrap_or_else(|| ServerName::from(target.address.ip()));
        Some(Tls { connector: self.connectors.unchecked.clone(), name })
    }
}
