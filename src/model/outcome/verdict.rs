//! An outcome with its evidence.

use std::fmt;
use std::time::Duration;

use super::code::Code;
use super::kind::{Blame, Outcome};
use super::reason::Reason;
use super::subject::Subject;

/// An outcome with its evidence: what an adapter returns for every call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What the attempt came to.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// What the provider's answer speaks of, where a table says so.
    pub subject: Option<Subject>,
    /// The provider's own code, if it is listed.
    pub code: Option<Code>,
    /// The provider's own id for the mail, if it gave one.
    pub provider_message_id: Option<String>,
    /// How long the provider asks us to wait, if it said so; it counts where this is [`Outcome::Throttled`].
    pub retry_after: Option<Duration>,
    /// Every recipient, of a mail that was [`Outcome::Accepted`] for some and refused for others; else none.
    pub recipients: Vec<Recipient>,
}

/// What became of one recipient.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The address, as the message has it.
    pub email: String,
    /// What the mail came to for this one.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
}

impl fmt::Debug for Recipient {
    /// No address reaches a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({}, {})", self.outcome.as_str(), self.reason)
    }
}

impl Verdict {
    /// Whom it speaks against, as the verdict on a mail: nobody, where it speaks of what a caller chooses.
    pub fn blame(&self) -> Blame {
        let of_the_message = self.speaks_of_the_message().then_some(Blame::Neutral);
        self.blame_by_reason().or(of_the_message).unwrap_or(self.outcome.blame())
    }

    /// Whom it speaks against, as the verdict on a probe: a provider that judged the probe itself is alive.
    pub fn blame_of_probe(&self) -> Blame {
        let of_the_message = self.speaks_of_the_message().then_some(Blame::Success);
        self.blame_by_reason().or(of_the_message).unwrap_or(self.outcome.blame_of_probe())
    }

    /// Has the provider done its work: has it taken the mail, or judged it?
    pub fn is_judgement(&self) -> bool {
        self.blame_of_probe() == Blame::Success
    }

    /// Even an unknown can: that the provider knows the mail's id from before.
    fn speaks_of_the_message(&self) -> bool {
        self.subject.is_some_and(Subject::is_of_the_message)
    }

    /// An account whose mail is stuck is no better than one that is refused; what is our own fault is nobody else's.
    fn blame_by_reason(&self) -> Option<Blame> {
        match self.reason {
            Reason::Stuck => Some(Blame::Account),
            reason if reason.is_ours() => Some(Blame::Neutral),
            _ => None,
        }
    }

    /// Does it prove that the provider did not process the request, so that it may be sent once more (RFC 9113 8.7)? The
    /// connection was at fault: it was refused a stream, told to go away, or closed before it was used.
    pub fn was_not_processed(&self) -> bool {
        self.outcome == Outcome::Unavailable && matches!(self.reason, Reason::RefusedStream | Reason::NotSent)
    }

    /// With what the provider's answer speaks of, and its code.
    pub fn about(self, subject: Subject, code: Option<Code>) -> Self {
        Self { subject: Some(subject), code, ..self }
    }

    /// An outcome and its reason, nothing else.
    pub fn new(outcome: Outcome, reason: Reason) -> Self {
        Self {
            outcome,
            reason,
            subject: None,
            code: None,
            provider_message_id: None,
            retry_after: None,
            recipients: Vec::new(),
        }
    }

    /// Accepted, with the provider's id where there is one. Callers and logs see it, so one that is long or not plain is
    /// left out: it is a provider's text.
    pub fn accepted(reason: Reason, provider_message_id: Option<String>) -> Self {
        let provider_message_id = provider_message_id.filter(|id| is_plain(id));
        Self { provider_message_id, ..Self::new(Outcome::Accepted, reason) }
    }

    /// With the wait that the provider asks for, if none is known yet, clamped to 1 s to 1 h: absurd values are a
    /// provider's bug.
    pub fn waiting(self, wait: Option<Duration>) -> Self {
        let wait = wait.map(|wait| wait.clamp(Duration::from_secs(1), Duration::from_secs(3600)));
        Self { retry_after: self.retry_after.or(wait), ..self }
    }
}

/// 1 to 256 visible ASCII characters.
fn is_plain(id: &str) -> bool {
    (1..=256).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_kept_only_if_it_is_short_and_plain() {
        let kept = |id: &str| Verdict::accepted(Reason::Mock, Some(id.to_owned())).provider_message_id.is_some();
        for id in ["1", "<20261121.1.A1B2@mg.example.com>", "0100018-a_b.c/d+e=", &"x".repeat(256)] {
            assert!(kept(id), "{id}");
        }
        for id in ["", " ", "a b", "a\n", "a\u{7f}", "\u{0}", "é", "\u{202e}x", &"x".repeat(257)] {
            assert!(!kept(id), "{id:?}");
        }
    }

    #[test]
    fn an_unknown_about_the_mails_own_id_blames_nobody() {
        let duplicate = Verdict::new(Outcome::Unknown, Reason::Duplicate);
        assert_eq!(
            (duplicate.blame(), duplicate.blame_of_probe()),
            (Blame::Failure, Blame::Failure),
            "no table says so"
        );
        let listed = duplicate.about(Subject::Content, Some(Code::Name("duplicate_request")));
        assert_eq!((listed.blame(), listed.blame_of_probe()), (Blame::Neutral, Blame::Success));
    }

    #[test]
    fn a_refusal_for_the_sake_of_the_mail_is_a_judgement_and_no_other_failure_is() {
        use Outcome::{AccountRefused, Cancelled, Throttled, Unavailable, Unclassified, Unknown};
        let faults = [AccountRefused, Unclassified, Throttled, Unavailable, Unknown, Cancelled];
        for outcome in Outcome::ALL {
            let verdict = Verdict::new(outcome, Reason::Status(400));
            assert_eq!(verdict.is_judgement(), !faults.contains(&outcome), "{outcome:?}");
            assert!(verdict.about(Subject::Content, None).is_judgement(), "{outcome:?}");
        }
    }

    #[test]
    fn what_speaks_of_the_account_or_the_system_is_blamed_by_its_outcome() {
        for subject in [Subject::Account, Subject::System] {
            let verdict = Verdict::new(subject.refused(), Reason::Status(400)).about(subject, None);
            assert_eq!(verdict.blame(), subject.refused().blame(), "{subject:?}");
            assert_eq!(verdict.blame_of_probe(), subject.refused().blame_of_probe(), "{subject:?}");
        }
    }

    #[test]
    fn a_recipient_is_not_shown_where_verdicts_are() {
        let email = "b@example.org".to_owned();
        let recipient = Recipient { email, outcome: Outcome::MessageRejected, reason: Reason::Status(400) };
        assert_eq!(format!("{recipient:?}"), "Recipient(message_rejected, http_400)");
    }
}
