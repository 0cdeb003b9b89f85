//! The parts of a mail, and how they are made to fit together.

use std::collections::BTreeSet;

use super::{Attachment, Body, Header, Mailbox, Metadata, Report, Subject, Tag, header};

/// The parts of a mail before they are known to fit together.
#[derive(Default)]
pub struct Draft {
    /// Visible recipients.
    pub to: Vec<Mailbox>,
    /// Visible copies.
    pub cc: Vec<Mailbox>,
    /// Copies that no header names.
    pub bcc: Vec<Mailbox>,
    /// Where answers go, if not to From.
    pub reply_to: Vec<Mailbox>,
    /// Who sends for the author (RFC 5322 3.6.2).
    pub sender: Option<Mailbox>,
    /// The caller's own Message-ID, without angle brackets.
    pub message_id: Option<String>,
    /// The subject; empty is legal.
    pub subject: Subject,
    /// The plain text part.
    pub text: Option<Body>,
    /// The HTML part.
    pub html: Option<Body>,
    /// Files, and pictures that the HTML shows.
    pub attachments: Vec<Attachment>,
    /// Headers of the caller's; no name twice. `Message-ID`, `Sender` and `Reply-To` among them get their own places.
    pub headers: Vec<Header>,
    /// Words that group mails at the provider; none twice.
    pub tags: Vec<Tag>,
    /// Pairs that come back with the provider's events; no name twice.
    pub metadata: Vec<Metadata>,
    /// What makes it a report about another mail.
    pub report: Option<Report>,
}

/// Why parts make no mail.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDraft {
    /// Nobody to send it to.
    #[error("name at least one recipient in to, cc or bcc")]
    NoRecipient,
    /// As a field and as a header.
    #[error("is given as reply_to too: keep one of them")]
    ReplyToTwice,
}

impl Draft {
    /// Every part in its place and none twice, To before Cc before Bcc.
    pub(super) fn settle(&mut self, from: &Mailbox) -> Result<(), BadDraft> {
        place_headers(from, self)?;
        if self.to.is_empty() && self.cc.is_empty() && self.bcc.is_empty() {
            return Err(BadDraft::NoRecipient);
        }
        keep_once([&mut self.to, &mut self.cc, &mut self.bcc]);
        keep_once([&mut self.reply_to]);
        // The members of an object have no order: the same mail has the same id and is written in the same way.
        self.headers.sort_by_cached_key(|header| header.name().to_ascii_lowercase());
        self.metadata.sort_by(|one, other| one.name().cmp(other.name()));
        Ok(())
    }
}

/// Gives the headers that are more than text their own places. A Sender that is the author says nothing (RFC 5322 3.6.2).
fn place_headers(from: &Mailbox, parts: &mut Draft) -> Result<(), BadDraft> {
    let mut take = |name: &str| parts.headers.extract_if(.., |header| header.is(name)).next();
    let (message_id, sender, reply_to) = (take("Message-ID"), take("Sender"), take("Reply-To"));
    let bare = |header: Header| header.value().trim_start_matches('<').trim_end_matches('>').to_owned();
    parts.message_id = parts.message_id.take().or(message_id.map(bare));
    let sender = parts.sender.take().or_else(|| sender.and_then(|header| header.value().parse().ok()));
    parts.sender = sender.filter(|sender: &Mailbox| sender.address() != from.address());
    let Some(reply_to) = reply_to else { return Ok(()) };
    if !parts.reply_to.is_empty() {
        return Err(BadDraft::ReplyToTwice);
    }
    // It was checked with the header.
    parts.reply_to = header::mailboxes(reply_to.value()).unwrap_or_default();
    Ok(())
}

/// Keeps the first of each address in these lists, in whatever case it is written.
fn keep_once<const N: usize>(lists: [&mut Vec<Mailbox>; N]) {
    // Most mails have one recipient: there is nothing to compare it with.
    if lists.iter().map(|list| list.len()).sum::<usize>() < 2 {
        return;
    }
    let mut seen = BTreeSet::new();
    for list in lists {
        list.retain(|mailbox| seen.insert(mailbox.address().as_str().to_ascii_lowercase()));
    }
}
