//! The two providers that are played, and so what an accepting status means.

/// Whom it plays, and so what its status means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Status {
    Mailgun,
    SendGrid,
}

impl Status {
    /// The first line of its acceptance.
    pub(super) fn line(self) -> &'static str {
        match self {
            Self::Mailgun => "HTTP/1.1 200 OK\r\n",
            Self::SendGrid => "HTTP/1.1 202 Accepted\r\nX-Message-Id: 1\r\n",
        }
    }
}
