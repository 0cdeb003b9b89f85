//! How much TLS a mail must have on its way.

/// What is asked of the connection to a mail host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// TLS where the host offers it, with any certificate, and in clear where that fails (RFC 7435).
    Opportunistic,
    /// TLS with any certificate, never in clear.
    Required,
    /// TLS with a certificate that is trusted and names the host; an MTA-STS policy asks for it, too (RFC 8461).
    Verified,
}
