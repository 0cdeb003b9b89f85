//! What a fault is: the steps of a provider in the words of its kind, and what the proxy may call that.

use crate::harness::stub_provider::Step;

/// Which API a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Mailgun,
    SendGrid,
    /// Takes a mail once under its key, and says so to a repeat.
    Resend,
    Mandrill,
    Postmark,
    SparkPost,
    /// Takes a mail once, too.
    Brevo,
    Mailjet,
    Ses,
}

impl Kind {
    /// As in `SMSP_PROVIDERS`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Mailgun => "mailgun",
            Self::SendGrid => "sendgrid",
            Self::Resend => "resend",
            Self::Mandrill => "mandrill",
            Self::Postmark => "postmark",
            Self::SparkPost => "sparkpost",
            Self::Brevo => "brevo",
            Self::Mailjet => "mailjet",
            Self::Ses => "ses",
        }
    }

    /// Does it take a mail once?
    pub(crate) fn is_idempotent(self) -> bool {
        matches!(self, Self::Resend | Self::Brevo)
    }
}

/// Does the provider keep the mail?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepts {
    Yes,
    No,
    /// As the rng say.
    Perhaps,
}

/// Outcomes with their reasons, as receipts have them; a time-out is always possible.
pub(crate) type Outcomes = &'static [&'static str];

/// One thing that goes wrong.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// Is the request read first?
    pub(crate) reads: bool,
    /// Does it strike only on a connection that has had a request before?
    pub(crate) kept: bool,
    pub(crate) accepts: Accepts,
    /// What a Mailgun and what a SendGrid that does this may be called; a Resend is like the one or the other.
    pub(super) outcomes: [Outcomes; 2],
    pub(super) steps: fn(Kind) -> Vec<Step>,
}

impl Fault {
    /// Is the end of the time for an attempt all that ends it?
    pub(crate) fn is_silent(&self) -> bool {
        self.outcomes[0] == ["unknown:timeout"]
    }

    pub(crate) fn steps(&self, kind: Kind) -> Vec<Step> {
        (self.steps)(kind)
    }

    pub(crate) fn outcomes(&self, kind: Kind) -> Outcomes {
        let like_sendgrid = kind == Kind::SendGrid || (kind == Kind::Resend && self.name == SENDER);
        self.outcomes[usize::from(like_sendgrid)]
    }

    /// Is it the same in the words of every provider, or has it none?
    pub(crate) fn is_wordless(&self) -> bool {
        let reasons = ["unknown:connection_lost", "unknown:timeout", "unknown:http_", "unavailable:wrong_base_url"];
        let wordless = |outcome: &&'static str| reasons.iter().any(|reason| outcome.starts_with(reason));
        self.outcomes[0] == self.outcomes[1] && self.outcomes[0].iter().all(wordless)
    }

    /// Does it say that the message itself is wrong? Then nobody else is asked.
    pub(crate) fn ends_the_mail(&self) -> bool {
        self.outcomes.iter().any(|outcomes| outcomes[0].starts_with("message_rejected"))
    }
}

/// A refusal for which Mailgun has no words of its own.
pub(super) const SENDER: &str = "403 of the sender";

/// What a provider without a fault may be called.
pub(crate) const WELL: Outcomes = &["accepted:http_200", "accepted:http_201", "accepted:http_202"];
