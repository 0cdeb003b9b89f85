//! What a mail to a site came to, as far as the site is concerned.

/// What a mail to a site came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Taken for one recipient at least.
    Accepted,
    /// Put off by a 4xx reply, or because the server cannot prove as much as the mail asks for.
    Deferred,
    /// Refused by a 5xx reply.
    Refused,
    /// Put off because of too many connections or mails at once: by 421, or in such words.
    TooMany,
    /// No address could be connected to, or none greeted.
    NoConnection,
    /// Silence or a lost connection after the greeting.
    NoReply,
}

/// What an answer says of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contact {
    /// A server was there.
    Made,
    /// No server was there, or none that answered.
    Failed,
    /// A server was there, and wants less.
    TooMuch,
}

impl Answer {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Accepted, Self::Deferred, Self::Refused, Self::TooMany, Self::NoConnection, Self::NoReply];

    pub(super) fn contact(self) -> Contact {
        match self {
            Self::Accepted | Self::Deferred | Self::Refused => Contact::Made,
            Self::TooMany => Contact::TooMuch,
            // A server that greets and then is silent holds a mail for as long as one that is dead, or longer.
            Self::NoConnection | Self::NoReply => Contact::Failed,
        }
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Deferred => "deferred",
            Self::Refused => "refused",
            Self::TooMany => "too_many",
            Self::NoConnection => "no_connection",
            Self::NoReply => "no_reply",
        }
    }
}
