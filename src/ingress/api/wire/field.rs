//! The fields of a message in JSON: their names, legacy names and shapes.

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Mailbox,
    Mailboxes,
    Text,
    /// A list of words.
    Words,
    Headers,
    Metadata,
    Attachments,
    /// A point in time.
    Time,
    Priority,
}

/// A field of the request.
pub(super) struct Field {
    pub(super) name: &'static str,
    /// The original's name for it.
    pub(super) alias: Option<&'static str>,
    pub(super) shape: Shape,
    pub(super) required: bool,
    pub(super) about: &'static str,
}

pub(super) const fn field(name: &'static str, shape: Shape, about: &'static str) -> Field {
    Field { name, alias: None, shape, required: false, about }
}

pub(super) const FROM: Field =
    Field { alias: Some("fromaddress"), required: true, ..field("from", Shape::Mailbox, "The author.") };
pub(super) const TO: Field = Field {
    alias: Some("toaddress"),
    ..field("to", Shape::Mailboxes, "Visible recipients; not needed beside `cc` or `bcc`.")
};
pub(super) const CC: Field = field("cc", Shape::Mailboxes, "Visible copies.");
pub(super) const BCC: Field = field("bcc", Shape::Mailboxes, "Hidden copies.");
pub(super) const REPLY_TO: Field = field("reply_to", Shape::Mailboxes, "Where answers go, if not to `from`.");
pub(super) const SUBJECT: Field = field("subject", Shape::Text, "The subject, in plain Unicode.");
pub(super) const TEXT: Field =
    Field { alias: Some("plaintextbody"), ..field("text", Shape::Text, "The body as plain text.") };
pub(super) const HTML: Field = field("html", Shape::Text, "The body as HTML.");
pub(super) const ATTACHMENTS: Field =
    field("attachments", Shape::Attachments, "Files, and pictures that the HTML shows.");
pub(super) const HEADERS: Field = field(
    "headers",
    Shape::Headers,
    "Further headers, each one line of up to 64 KiB. `Message-ID` and `Sender` go to providers that keep them, `Reply-To` is `reply_to`; none that is ours to write.",
);
pub(super) const TAGS: Field = field("tags", Shape::Words, "Words that group mails at the provider.");
pub(super) const METADATA: Field = field(
    "metadata",
    Shape::Metadata,
    "Pairs that come back with the provider's events: at most 50, names of 1 to 64 and values of 1 to 255 characters of any script.",
);

pub(super) const FIELDS: [&Field; 12] =
    [&FROM, &TO, &CC, &BCC, &REPLY_TO, &SUBJECT, &TEXT, &HTML, &ATTACHMENTS, &HEADERS, &TAGS, &METADATA];

pub(super) const SEND_AT: Field = field(
    "send_at",
    Shape::Time,
    "Not before (RFC 3339, with an offset from UTC); at most 30 days from now. Absent or past: as soon as it can be.",
);
pub(super) const EXPIRES_AT: Field = field(
    "expires_at",
    Shape::Time,
    "Not after (RFC 3339, with an offset from UTC); at most 30 days after `send_at`. Absent: `SMSP_OUTBOX_EXPIRY` after it.",
);
pub(super) const PRIORITY: Field = field(
    "priority",
    Shape::Priority,
    "Which mail is sent first when there is more than can be sent. Absent: `normal`.",
);

/// Those of a message that is sent later, beside those of every message.
pub(super) const OUTBOX_FIELDS: [&Field; 15] = [
    &FROM,
    &TO,
    &CC,
    &BCC,
    &REPLY_TO,
    &SUBJECT,
    &TEXT,
    &HTML,
    &ATTACHMENTS,
    &HEADERS,
    &TAGS,
    &METADATA,
    &SEND_AT,
    &EXPIRES_AT,
    &PRIORITY,
];
