//! How long a transmission may take.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::recipient_end::RecipientEnd;
use crate::runtime::shutdown::Shutdown;

/// A server may take so long for its greeting (RFC 5321 4.5.3.2.1), and for each answer before a mail.
pub const WHOLE_PATIENCE: Duration = Duration::from_secs(300);

/// For everything before the end of a mail, at all addresses together.
pub(super) const BEFORE_THE_END: Duration = Duration::from_secs(20 * 60);

/// When a transmission has to come to its end.
#[derive(Clone, Copy)]
pub(super) struct Bounds<'a> {
    /// When the end of the mail has to be written at the latest.
    deadline: Instant,
    /// For the answer to the end of the mail.
    pub(super) end: Duration,
    /// After its last call nothing is begun.
    drain: &'a Shutdown,
}

impl<'a> Bounds<'a> {
    /// From now on, for a mail that is wanted for so long.
    pub(super) fn new(wanted_for: Duration, end: Duration, drain: &'a Shutdown) -> Self {
        Self { deadline: Instant::now() + BEFORE_THE_END.min(wanted_for), end, drain }
    }

    /// What must be over before the end of the mail is written; or what it means that it was not.
    pub(super) async fn before_the_end<T>(&self, work: impl Future<Output = T>) -> Result<T, RecipientEnd> {
        tokio::select! {
            biased;
            () = self.drain.until_last_call() => Err(RecipientEnd::given_up()),
            ended = timeout_at(self.deadline, work) => ended.map_err(|_| RecipientEnd::out_of_time()),
        }
    }

    /// The answer to the end of the mail; or what it means that this node ends before it comes.
    pub(super) async fn at_the_end(&self, answer: impl Future<Output = RecipientEnd>) -> RecipientEnd {
        tokio::select! {
            biased;
            end = answer => end,
            () = self.drain.until_last_call() => RecipientEnd::not_waited_for(),
        }
    }
}
