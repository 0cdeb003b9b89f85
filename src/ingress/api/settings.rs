//! The settings of the API listener beside its connections.

use std::time::Duration;

use crate::model::message::ReservedHeaders;

/// What the API listener asks of its clients.
#[derive(Clone)]
pub struct Settings {
    /// Whether the document and its UI are served.
    pub docs: bool,
    /// The part of the document about providers, in Markdown.
    pub providers: String,
    /// Bytes of a request body, at most.
    pub max_body: usize,
    /// The time of a request body, beside what it earns by the bytes that have come.
    pub body_timeout: Duration,
    /// The limits of one mail.
    pub mail: MailLimits,
}

/// What one mail may hold: the most of each, and which headers it may not have.
#[derive(Clone, Copy)]
pub struct MailLimits {
    /// To, Cc and Bcc together.
    pub recipients: usize,
    /// Files.
    pub attachments: usize,
    /// Headers that the caller gives.
    pub headers: usize,
    /// Names of headers that no caller may write.
    pub reserved_headers: ReservedHeaders,
}

impl MailLimits {
    /// The most that an operator may set: more than any provider takes, and little enough for the memory that a hostile list costs.
    pub const MAX: Self =
        Self { recipients: 10_000, attachments: 1000, headers: 200, reserved_headers: ReservedHeaders::NONE };
}
