//! Why a dialogue did not go on, before anybody has judged it.

use std::io::{self, ErrorKind};

use super::reply::Reply;
use super::stage::Stage;

/// What came instead of the reply that was hoped for.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The connection has ended.
    Lost,
    /// No reply in time, or nothing of what was written taken in time.
    Late,
    /// Something that is no reply of SMTP.
    Unreadable,
    /// TLS is not offered, not begun, or its certificate is not trusted.
    NoTls,
    /// Another reply.
    Refused(Stage, Reply),
    /// The mail has more octets than the far end says it takes (RFC 1870).
    TooLarge,
    /// The far end has no SMTPUTF8 for an address of the mail (RFC 6531).
    NoSmtputf8,
    /// The far end has no 8BITMIME for the octets of the mail (RFC 6152).
    NoEightBit,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::InvalidData => Self::Unreadable,
            ErrorKind::TimedOut => Self::Late,
            _ => Self::Lost,
        }
    }
}

/// The reply, if it has this code.
pub fn expect(stage: Stage, code: u16, reply: Reply) -> Result<Reply, Failure> {
    if reply.code == code { Ok(reply) } else { Err(Failure::Refused(stage, reply)) }
}
