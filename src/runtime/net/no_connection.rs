//! Why an HTTP request came to no connection: whether the name, the connection or TLS has failed, or this machine.
//!
//! What one of these says was never sent. Deliberately absent: what broke on a connection that was made.

use std::error::Error;
use std::io;
use std::iter::successors;

use hyper_util::client::legacy;

use crate::runtime::local_limit::is_local_limit;

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoConnection {
    /// This machine has nothing left for one.
    LocalLimit,
    /// The name of the host has no address.
    Dns,
    /// No TLS: its certificate is not its own, or it speaks something else.
    Tls,
    /// Nobody answers there, or a proxy makes no tunnel.
    Connect,
}

impl NoConnection {
    /// Why a request failed, if that is because it came to no connection.
    pub fn of(error: &reqwest::Error) -> Option<Self> {
        let is_ours = || causes(error).any(is_lack_of_our_own);
        match (error.is_dns(), error.is_connect()) {
            (false, false) => None,
            _ if is_ours() => Some(Self::LocalLimit),
            (true, _) => Some(Self::Dns),
            _ if is_broken_handshake(error) => Some(Self::Tls),
            _ => Some(Self::Connect),
        }
    }

    /// The word for it in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LocalLimit => "local_limit",
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Connect => "connect",
        }
    }
}

type Cause = dyn Error + 'static;

/// The error itself and everything behind it. What an I/O error wraps is no source of it, so it is unwrapped.
pub fn causes(error: &Cause) -> impl Iterator<Item = &Cause> {
    successors(Some(error), |cause| behind(*cause))
}

fn behind(error: &Cause) -> Option<&Cause> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// Was a look-up or a connection not made because this machine has nothing left for it?
pub fn lacks_resources(error: &Cause) -> bool {
    causes(error).any(is_lack_of_our_own)
}

/// No socket could be made.
fn is_lack_of_our_own(cause: &Cause) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(is_local_limit)
}

/// Once a connection is made, TLS reads and writes, and the client has its I/O error as it is. What came before it, TCP or
/// a proxy's tunnel, wraps it in an error of a type of its own.
fn is_broken_handshake(error: &Cause) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, InvalidData, UnexpectedEof};
    let of_the_connection = causes(error).skip_while(|cause| !cause.is::<legacy::Error>()).skip(1);
    of_the_connection.map_while(|cause| cause.downcast_ref::<io::Error>()).any(|error| {
        matches!(error.kind(), InvalidData | UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe)
    })
}
