//! What an upstream is given of one mail.

use std::sync::Arc;
use std::time::Duration;

use crate::model::message::Message;
use crate::model::outcome::Verdict;

/// Hears the verdict of an attempt, at the upstream of this name, that comes after its call has ended.
pub type LateVerdict = Arc<dyn Fn(&str, &Verdict) + Send + Sync>;

/// One mail for an upstream.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    /// The mail.
    pub message: &'a Message,
    /// How long the attempt may take.
    pub time: Duration,
    /// Is it a repeat, after an attempt here under the same id whose end is not known?
    pub is_repeat: bool,
    /// Hears of a verdict that comes after the attempt.
    pub late: Option<&'a LateVerdict>,
}
