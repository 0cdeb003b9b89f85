//! One address at which mail for a domain is taken.

use std::net::SocketAddr;
use std::sync::Arc;

/// An address of a mail host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The name of the mail host, as its MX record has it; a certificate is of this name.
    pub host: Arc<str>,
    /// Where it listens.
    pub address: SocketAddr,
}
