//! What everything that connects to the outside shares: how a name is looked up, which addresses are public, why a
//! connection was not made, and an HTTP client that goes to no other addresses.

pub mod addresses;
pub mod dns;
pub mod guarded_client;
pub mod no_connection;
pub mod resolver;
mod system;

#[cfg(test)]
pub mod name_server;

/// Why no client can be made on this machine.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Names.
    #[error("no name can be looked up: see /etc/resolv.conf")]
    Names,
    /// TLS.
    #[error("no TLS client can be made: install the system's CA certificates")]
    Tls,
}
