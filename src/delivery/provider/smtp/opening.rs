//! From nothing to a relay that is ready for mail: addresses, connection, greeting, STARTTLS, AUTH.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::time::timeout;

use super::authentication;
use super::settings::{Relay, Security};
use crate::delivery::smtp_client::connect;
use crate::delivery::smtp_client::failure::Failure;
use crate::delivery::smtp_client::session::Session;
use crate::delivery::smtp_client::wire::Wire;
use crate::model::outcome::{Outcome, Reason, Verdict};
use crate::runtime::net::no_connection::lacks_resources;

/// A session in which mail may follow.
pub(super) async fn open(relay: &Relay) -> Result<Session, Verdict> {
    let reaching = timeout(relay.connect_timeout, reach(relay)).await;
    let (wire, we) = reaching.unwrap_or(Err(Verdict::new(Outcome::Unavailable, Reason::Connect)))?;
    let mut session = Session::greet(wire, &we).await?;
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
        Security::Implicit(tls) => Ok((wire.encrypt(tls).await.map_err(|_| Failure::NoTls)?, we)),
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
