//! What a mail server of the tests does, and what it writes down.

use std::sync::Mutex;

use tokio_rustls::TlsAcceptor;

/// What it does when it hears a command (`CONNECT` first, `.` at the end of a mail, `(TLS)` once that has begun).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// What is usual: it takes every mail.
    Usual,
    Say(&'static str),
    /// Nothing more on this connection. Its client may hang up.
    Stall,
    /// It has the mail by then, and its client does not know it.
    TakeAndStall,
}

/// What each connection needs.
pub(super) struct Host {
    pub(super) script: Box<dyn Fn(&str) -> Act + Send + Sync>,
    /// It offers STARTTLS where it has this.
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) record: Mutex<Record>,
}

/// What it has heard and taken.
#[derive(Default)]
pub(super) struct Record {
    pub(super) heard: Vec<String>,
    /// Each mail that was taken, by recipient and subject.
    pub(super) taken: Vec<(String, String)>,
    /// The files of these mails, each once.
    pub(super) files: Vec<String>,
}
