//! The settings of the API listener beside its connections.

use std::time::Duration;

use crate::model::message::ReservedHeaders;
use crate::runtime::settings::{BOOLEAN, Count, PERIOD, SIZE, Section, rows, setting};

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

rows! {
    DOCS: bool = setting("true", &BOOLEAN, "serve the OpenAPI document of each listener, and the Swagger UI");
    MAX_BODY: usize = setting("26MiB", &SIZE, "bytes of a request's body");
    BODY_TIMEOUT: Duration = setting(
        "10s",
        &PERIOD,
        "for the body of a request, and 1 s more for every 64 KiB that come; no pause may be longer than this",
    );
    MAX_RECIPIENTS: usize =
        setting("50", &Count(MailLimits::MAX.recipients), "`to`, `cc` and `bcc` of one mail together");
    MAX_ATTACHMENTS: usize = setting("20", &Count(MailLimits::MAX.attachments), "files of one mail");
    MAX_HEADERS: usize = setting("30", &Count(MailLimits::MAX.headers), "entries of `headers` of one mail");
}

impl Settings {
    /// Reads all of them but what follows from the kinds of providers.
    pub fn read(section: &mut Section, providers: String, reserved_headers: ReservedHeaders) -> Option<Self> {
        let docs = section.read(&DOCS);
        let max_body = section.read(&MAX_BODY);
        let body_timeout = section.read(&BODY_TIMEOUT);
        let recipients = section.read(&MAX_RECIPIENTS);
        let attachments = section.read(&MAX_ATTACHMENTS);
        let headers = section.read(&MAX_HEADERS);
        let mail =
            MailLimits { recipients: recipients?, attachments: attachments?, headers: headers?, reserved_headers };
        Some(Self { docs: docs?, providers, max_body: max_body?, body_timeout: body_timeout?, mail })
    }
}
