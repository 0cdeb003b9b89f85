//! What a provider may answer: the usual, so that it is not long in coming, and anything else.

use arbitrary::Arbitrary;

#[derive(Arbitrary, Debug)]
pub struct Answer<'a> {
    pub adapter: u8,
    pub is_probe: bool,
    status: Status,
    pub retry_after: Option<RetryAfter<'a>>,
    /// In every header of a provider's own that is read.
    own: Option<&'a str>,
    body: Body<'a>,
}

#[derive(Arbitrary, Debug)]
enum Status {
    /// One of [`STATUSES`].
    Usual(u8),
    Any(u16),
}

const STATUSES: [u16; 12] = [200, 202, 302, 400, 401, 403, 409, 413, 422, 429, 500, 503];

#[derive(Arbitrary, Debug)]
pub enum RetryAfter<'a> {
    Seconds(u64),
    Text(&'a str),
}

#[derive(Arbitrary, Debug)]
enum Body<'a> {
    Bytes(&'a [u8]),
    /// One of the provider's own [`ENVELOPES`], or of all.
    Envelope {
        own: bool,
        which: u8,
        number: u16,
        texts: [Text<'a>; 2],
    },
}

#[derive(Arbitrary, Debug)]
enum Text<'a> {
    /// One of [`WORDS`].
    Word(u8),
    Any(&'a str),
}

const OWN: [&str; 5] =
    ["x-ratelimit-reset", "ratelimit-reset", "x-sib-ratelimit-reset", "x-amzn-errortype", "x-message-id"];
/// What each provider writes: `~` is a number, `$` and `%` are texts.
const ENVELOPES: [(&str, &str); 13] = [
    ("mailgun", r#"{"id":$,"message":%}"#),
    ("mailgun", r#"{"message":$}"#),
    ("sendgrid", r#"{"errors":[{"message":$,"field":%},{"message":%}]}"#),
    ("mandrill", r#"[{"email":"b@example.net","status":$},{"email":"c@example.net","status":%,"reject_reason":$}]"#),
    ("mandrill", r#"{"status":"error","code":~,"name":$,"message":%}"#),
    ("postmark", r#"{"ErrorCode":~,"Message":$,"MessageID":%}"#),
    ("sparkpost", r#"{"results":{"total_accepted_recipients":1,"total_rejected_recipients":~,"id":$}}"#),
    ("sparkpost", r#"{"errors":[{"message":$,"code":"~"}]}"#),
    ("resend", r#"{"id":$,"name":$,"message":%}"#),
    ("brevo", r#"{"code":$,"message":%}"#),
    ("brevo", r#"{"messageId":$}"#),
    ("mailjet", r#"{"Messages":[{"Status":$,"To":[{"MessageID":~}],"Errors":[{"ErrorCode":%}]}]}"#),
    ("ses", r#"{"__type":$,"message":%,"MessageId":$}"#),
];

/// What it would take long to come upon.
const WORDS: [&str; 27] = [
    "success",
    "sent",
    "queued",
    "invalid",
    "rejected",
    "unsub",
    "Queued. Thank you.",
    "Mailgun Magnificent API",
    "try again after 30 seconds",
    "try again after lunch",
    "The key is disabled",
    "sender",
    "from",
    "Invalid_Key",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "rate_limit_exceeded",
    "validation_error",
    "duplicate_parameter",
    "error",
    "send-0015",
    "unauthorized",
    "mj-0001",
    "send-0006",
    "com.amazonaws#TooManyRequestsException:",
    "MessageRejected",
    "inactive addresses: b@example.net. Inactive recipients",
];

impl Text<'_> {
    fn quoted(&self) -> String {
        let text = match self {
            Self::Word(which) => WORDS[usize::from(*which) % WORDS.len()],
            Self::Any(text) => text,
        };
        serde_json::Value::from(text).to_string()
    }
}

impl Body<'_> {
    fn bytes(&self, kind: &str) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.to_vec(),
            Self::Envelope { own, which, number, texts: [one, other] } => {
                let has_own = ENVELOPES.iter().any(|(owner, _)| *owner == kind);
                let is_usable = |owner: &str| !(*own && has_own) || owner == kind;
                let usable: Vec<_> = ENVELOPES.iter().filter(|(owner, _)| is_usable(owner)).collect();
                let (_, envelope) = usable[usize::from(*which) % usable.len()];
                // All at once: what is put in is not looked at again.
                let parts = envelope.split_inclusive(['~', '$', '%']);
                let filled = parts.map(|part| match part.split_at(part.len() - 1) {
                    (before, "~") => format!("{before}{number}"),
                    (before, "$") => format!("{before}{}", one.quoted()),
                    (before, "%") => format!("{before}{}", other.quoted()),
                    _ => part.to_owned(),
                });
                filled.collect::<String>().into_bytes()
            }
        }
    }
}

impl Answer<'_> {
    /// From 200 on: what comes before is no answer yet.
    pub fn status(&self) -> u16 {
        match self.status {
            Status::Usual(which) => STATUSES[usize::from(which) % STATUSES.len()],
            Status::Any(number) => 200 + number % 400,
        }
    }

    pub fn written(&self, kind: &str) -> Vec<u8> {
        let status = self.status();
        let value = |text: &str| text.replace(|c: char| c.is_control(), "");
        let mut head = format!("HTTP/1.1 {status} X\r\n");
        match &self.retry_after {
            Some(RetryAfter::Seconds(seconds)) => head += &format!("retry-after: {seconds}\r\n"),
            Some(RetryAfter::Text(text)) => head += &format!("retry-after: {}\r\n", value(text)),
            None => {}
        }
        for (name, text) in OWN.iter().zip(std::iter::repeat(self.own)) {
            head += &text.map(|text| format!("{name}: {}\r\n", value(text))).unwrap_or_default();
        }
        // These two have no body.
        let body = if matches!(status, 204 | 304) { Vec::new() } else { self.body.bytes(kind) };
        let head = format!("{head}content-length: {}\r\n\r\n", body.len());
        [head.into_bytes(), body].concat()
    }
}
