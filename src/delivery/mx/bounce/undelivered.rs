//! What is told of a mail that was not delivered.

use crate::model::message::{Id, Message};
use crate::runtime::unix_time::UnixTime;

/// What is told of a mail.
pub struct Bounce<'a> {
    /// The name of the node that tells it.
    pub reporter: &'a str,
    /// The mail.
    pub mail: Id,
    /// Since when this service had it.
    pub accepted_at: UnixTime,
    /// The recipients that do not get it: at least one.
    pub recipients: &'a [Undelivered<'a>],
    /// The mail itself, where it is still there.
    pub message: Option<&'a Message>,
}

/// A recipient that does not get a mail.
pub struct Undelivered<'a> {
    /// Its address.
    pub address: &'a str,
    /// Why, in the words of a status.
    pub reason: &'a str,
    /// The enhanced status code (RFC 3463) of its server, or ours.
    pub code: Option<&'a str>,
    /// The server that has refused it.
    pub host: Option<&'a str>,
    /// When it was tried last.
    pub tried_at: Option<UnixTime>,
}

/// The reason of a recipient whose mail was no longer wanted before it was taken.
pub const EXPIRED: &str = "expired";
/// The reason of a recipient for which every attempt was used up.
pub const ATTEMPTS: &str = "attempts";
