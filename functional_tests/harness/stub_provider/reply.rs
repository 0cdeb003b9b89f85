//! A scripted HTTP answer, and the providers' own ways to say yes.

/// What Mailgun calls the mail, angle brackets and all.
pub(crate) const MAILGUN_ID: &str = "<20261121.1.A1B2@mg.example.com>";
/// What SendGrid calls the mail.
pub(crate) const SENDGRID_ID: &str = "sg-message-id-1";
/// What Resend calls the mail.
pub(crate) const RESEND_ID: &str = "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794";

/// A scripted answer.
#[derive(Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// What the body is said to have beyond what it has.
    missing: usize,
}

impl Reply {
    pub(crate) fn new(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.as_bytes().to_vec(), missing: 0 }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A body of two megabytes, of which there is still more to come, for ever.
    pub(crate) fn endless(status: u16) -> Self {
        Self { missing: 1 << 30, ..Self::new(status, &"x".repeat(2 << 20)) }
    }

    /// A reply whose head promises more than ever comes.
    pub(crate) fn unfinished(self) -> Self {
        Self { missing: 1, ..self }
    }

    pub(crate) fn mailgun_accepts() -> Self {
        let body = serde_json::json!({"id": MAILGUN_ID, "message": "Queued. Thank you."});
        Self::new(200, &body.to_string()).with("content-type", "application/json")
    }

    pub(crate) fn sendgrid_accepts() -> Self {
        Self::new(202, "").with("x-message-id", SENDGRID_ID)
    }

    pub(crate) fn resend_accepts() -> Self {
        let body = serde_json::json!({"id": RESEND_ID});
        Self::new(200, &body.to_string()).with("content-type", "application/json")
    }

    /// Resend's envelope around a name that its table of errors has.
    pub(crate) fn resend_refuses(status: u16, name: &str, message: &str) -> Self {
        let body = serde_json::json!({"statusCode": status, "name": name, "message": message});
        Self::new(status, &body.to_string()).with("content-type", "application/json")
    }

    /// SendGrid's envelope of errors around one message.
    pub(crate) fn sendgrid_refuses(status: u16, message: &str) -> Self {
        let body = serde_json::json!({"errors": [{"message": message, "field": null, "help": null}]});
        Self::new(status, &body.to_string()).with("content-type", "application/json")
    }

    /// What SendGrid says of a From address that the account may not use.
    pub(crate) fn sendgrid_refuses_the_sender() -> Self {
        let text = "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.";
        Self::sendgrid_refuses(403, text)
    }

    /// Mailgun's envelope around one message.
    pub(crate) fn mailgun_refuses(status: u16, message: &str) -> Self {
        let body = serde_json::json!({"message": message});
        Self::new(status, &body.to_string()).with("content-type", "application/json")
    }

    /// What a server did before its error is unknown.
    pub(super) fn takes(&self) -> Option<bool> {
        (self.status < 500).then_some(self.status < 300)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let length = self.body.len() + self.missing;
        let first = format!("HTTP/1.1 {} Scripted\r\ncontent-length: {length}\r\n", self.status);
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        [first.as_bytes(), headers.collect::<String>().as_bytes(), b"\r\n", &self.body].concat()
    }
}
