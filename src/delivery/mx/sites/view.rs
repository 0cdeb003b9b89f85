//! A site as an operator sees it.

use std::time::Duration;

use super::answer::Answer;
use super::key::SiteKey;
use crate::runtime::unix_time::UnixTime;

/// Whether a site takes mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It does.
    Open,
    /// It does not, for a time.
    Shut,
    /// It does not, until its probe has ended.
    Probing,
    /// It does not, because an operator says so.
    Paused,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Shut, Self::Probing, Self::Paused];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Shut => "shut",
            Self::Probing => "probing",
            Self::Paused => "paused",
        }
    }
}

/// A site as an operator sees it.
#[derive(Clone, Debug)]
pub struct View {
    /// Which site it is.
    pub key: SiteKey,
    /// Whether it takes mail.
    pub state: State,
    /// Until it takes mail again.
    pub shut_for: Option<Duration>,
    /// Mails that it may have at once.
    pub window: u16,
    /// Mails that are on their way.
    pub in_flight: u16,
    /// When the oldest mail was accepted that this node has for it, of those that have come by since the last one went.
    pub oldest: Option<UnixTime>,
    /// What the last mail came to.
    pub last_answer: Option<Answer>,
}
