//! The tokens of an upstream in its time: what its quota says by the clock of this machine.

use std::time::{Duration, SystemTime};

use super::Upstream;

impl Upstream {
    /// How many mails it may be handed at once, as far as its rates go; 0: they are used up. `None`: it has no rate. Takes
    /// none.
    pub fn tokens_left(&self) -> Option<u32> {
        self.left().map(Result::unwrap_or_default)
    }

    /// Takes what one mail needs of its rates; `false`: they are used up. To be called right before a hand-over.
    pub fn take_token(&self) -> bool {
        self.quota.as_ref().is_none_or(|quota| quota.take(SystemTime::now()))
    }

    /// Until its rates allow one more mail.
    pub(super) fn until_token(&self) -> Duration {
        self.left().and_then(Result::err).unwrap_or_default()
    }

    /// Are its rates used up? Takes no token.
    pub fn is_spent(&self) -> bool {
        self.left().is_some_and(|left| left.is_err())
    }

    fn left(&self) -> Option<Result<u32, Duration>> {
        self.quota.as_ref().map(|quota| quota.left(SystemTime::now()))
    }
}
