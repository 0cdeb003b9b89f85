//! Everything of a message but its bodies and files, and their lengths.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::model::message::{Attachment, Draft, Header, Mailbox, Message, Metadata, Report, ReservedHeaders};
use crate::model::submission::Failover;

/// The head of version 1. What is not there is not written.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failover: Option<String>,
    pub(super) from: Party,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    to: Vec<Party>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cc: Vec<Party>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    bcc: Vec<Party>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reply_to: Vec<Party>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sender: Option<Party>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bounce_address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    subject: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    metadata: Vec<(String, String)>,
    /// Bytes of the plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<usize>,
    /// Bytes of the HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) html: Option<usize>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) files: Vec<File>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    report: Option<ReportParts>,
}

/// What makes a mail a report about another one.
#[derive(Serialize, Deserialize)]
struct ReportParts {
    status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    head: Option<String>,
}

/// A mailbox.
#[derive(Serialize, Deserialize)]
pub(super) struct Party {
    address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// A file, without its content.
#[derive(Serialize, Deserialize)]
pub(super) struct File {
    filename: String,
    content_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_id: Option<String>,
    pub(super) length: usize,
}

/// The words are ours; the places are not kept.
const FAILOVER: [(Failover, &str); 3] =
    [(Failover::Never, "never"), (Failover::Safe, "safe"), (Failover::Always, "always")];

/// What is written of a message.
pub(super) fn message_head(message: &Message, failover: Option<Failover>) -> Head {
    let parties = |list: &[Mailbox]| list.iter().map(Party::of).collect();
    let word = |failover| FAILOVER.iter().find(|(known, _)| *known == failover).map(|(_, word)| (*word).to_owned());
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Head {
        failover: failover.and_then(word),
        from: Party::of(message.from()),
        to: parties(message.to()),
        cc: parties(message.cc()),
        bcc: parties(message.bcc()),
        reply_to: parties(message.reply_to()),
        sender: message.sender().map(Party::of),
        bounce_address: message.bounce_address().map(|address| address.as_str().to_owned()),
        message_id: message.own_message_id().map(str::to_owned),
        subject: message.subject().to_owned(),
        headers: message.headers().iter().map(|header| pair(header.name(), header.value())).collect(),
        tags: message.tags().iter().map(|tag| tag.as_str().to_owned()).collect(),
        metadata: message.metadata().iter().map(|metadata| pair(metadata.name(), metadata.value())).collect(),
        text: message.text().map(str::len),
        html: message.html().map(str::len),
        files: message.attachments().iter().map(File::of).collect(),
        report: message.report().map(ReportParts::of),
    }
}

impl Head {
    /// The draft without bodies and files.
    pub(super) fn draft(&self) -> Option<Draft> {
        let parties = |list: &[Party]| list.iter().map(Party::read).collect::<Option<Vec<_>>>();
        let header = |(name, value): &(String, String)| Header::new(name, value, ReservedHeaders::NONE).ok();
        let metadata = |(name, value): &(String, String)| Metadata::new(name, value).ok();
        Some(Draft {
            to: parties(&self.to)?,
            cc: parties(&self.cc)?,
            bcc: parties(&self.bcc)?,
            reply_to: parties(&self.reply_to)?,
            sender: match &self.sender {
                Some(sender) => Some(sender.read()?),
                None => None,
            },
            message_id: self.message_id.clone(),
            subject: self.subject.parse().ok()?,
            headers: self.headers.iter().map(header).collect::<Option<_>>()?,
            tags: self.tags.iter().map(|tag| tag.parse().ok()).collect::<Option<_>>()?,
            metadata: self.metadata.iter().map(metadata).collect::<Option<_>>()?,
            report: match &self.report {
                Some(report) => Some(report.read()?),
                None => None,
            },
            ..Draft::default()
        })
    }

    /// An unknown word is unreadable: it may forbid what this version would do.
    pub(super) fn failover(&self) -> Option<Option<Failover>> {
        let Some(word) = &self.failover else { return Some(None) };
        FAILOVER.iter().find(|(_, known)| known == word).map(|(failover, _)| Some(*failover))
    }
}

impl ReportParts {
    fn of(report: &Report) -> Self {
        Self { status: report.status().to_owned(), head: report.head().map(str::to_owned) }
    }

    fn read(&self) -> Option<Report> {
        Report::new(self.status.clone(), self.head.clone())
    }
}

impl Party {
    fn of(mailbox: &Mailbox) -> Self {
        Self { address: mailbox.address().as_str().to_owned(), name: mailbox.name().map(str::to_owned) }
    }

    pub(super) fn read(&self) -> Option<Mailbox> {
        Mailbox::new(self.name.as_deref(), self.address.parse().ok()?).ok()
    }
}

impl File {
    fn of(file: &Attachment) -> Self {
        Self {
            filename: file.filename.as_str().to_owned(),
            content_type: file.content_type.to_string(),
            content_id: file.content_id.as_ref().map(|id| id.as_str().to_owned()),
            length: file.content.len(),
        }
    }

    pub(super) fn read(&self, content: Bytes) -> Option<Attachment> {
        let content_id = match &self.content_id {
            Some(id) => Some(id.parse().ok()?),
            None => None,
        };
        let (filename, content_type) = (self.filename.parse().ok()?, self.content_type.parse().ok()?);
        Some(Attachment { filename, content_type, content, content_id })
    }
}
