//! What is wrong with the settings of a server.

/// What is wrong with the URL, or with the file of certificates beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Not a URL of a database.
    #[error("must be postgres://USER:PASSWORD@HOST:PORT/DATABASE, without parameters that PostgreSQL does not know")]
    Url,
    /// No host, so it is unclear whether TLS is needed.
    #[error("must name a host, or the folder of a socket as in postgres:///DATABASE?host=/run/postgresql")]
    Host,
    /// Another way to use TLS.
    #[error("sslmode must be disable, require or verify-full; the last two both verify the certificate")]
    SslMode,
    /// No authority to verify certificates by.
    #[error("must be a file with the certificates of authorities in PEM, at least one")]
    Authorities,
    /// TLS is not there.
    #[error("no TLS client can be made: install the system's CA certificates, or name a file of them")]
    Tls,
}
