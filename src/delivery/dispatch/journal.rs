//! The journal of a mail that is delivered later: each hand-over is on record before its first byte.
//!
//! Such a mail outlives this process, and must not go out twice. So what its store says has to be true at every instant,
//! and the store has the last word: without a mark there is no hand-over. A way in that keeps no record passes `()`, which
//! costs nothing. Deliberately absent: the store. A verdict that comes after its attempt goes to the `late` of the call,
//! as that of any mail does.

use std::sync::Arc;
use std::time::Duration;

use crate::delivery::upstream::Upstream;
use crate::model::outcome::Verdict;
use crate::runtime::shutdown::Shutdown;

/// The upstream that is to have the mail.
#[derive(Clone, Copy)]
pub struct Target<'a>(pub(super) &'a Upstream);

impl<'a> Target<'a> {
    /// Its name.
    pub fn name(self) -> &'a Arc<str> {
        self.0.name()
    }

    /// The share of mail that its circuit takes now, of 127.
    pub fn share(self) -> u8 {
        self.0.snapshot().share()
    }

    /// For how long from now on it takes the mail once, however often it gets it; `None`: it may send each copy.
    pub fn takes_once_for(self) -> Option<Duration> {
        self.0.takes_once_for()
    }
}

/// There is no consent: the mail is not handed over, here or anywhere else, before it is claimed anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotMarked;

/// The record of one mail, by reference.
pub trait Journal: Copy + Send + Sync {
    /// What cuts a hand-over once this node ends, while nobody waits for the answer. `None`: somebody does, and a hand-over
    /// ends with their request.
    fn drain(&self) -> Option<&Shutdown>;

    /// A place for this mail at this upstream, for as long as the result is held, or for longer where the journal keeps it
    /// from the mark on.
    /// `None`: this way in has as many mails there as it may have, and the next upstream is asked.
    fn place(&self, target: Target<'_>) -> Option<impl Send>;

    /// Records the hand-over. Asked last, when nothing else stands in its way: a mark without a hand-over is a mail of which
    /// nobody knows where it is, should this process end then.
    fn mark(&self, target: Target<'_>) -> impl Future<Output = Result<(), NotMarked>> + Send;

    /// Hears what the marked hand-over came to.
    fn end(&self, target: Target<'_>, verdict: &Verdict);
}

/// No record, of a mail for which somebody waits.
impl Journal for () {
    fn drain(&self) -> Option<&Shutdown> {
        None
    }

    fn place(&self, _: Target<'_>) -> Option<impl Send> {
        Some(())
    }

    async fn mark(&self, _: Target<'_>) -> Result<(), NotMarked> {
        Ok(())
    }

    fn end(&self, _: Target<'_>, _: &Verdict) {}
}
