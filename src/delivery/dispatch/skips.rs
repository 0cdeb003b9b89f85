//! The upstreams that one mail was not handed to, each with its reason. The metric `smsp_skipped_total` and the log show the
//! same ones: what is counted is logged, in one line for each mail.

use std::fmt;
use std::sync::Arc;

use tracing::info;

use super::attempt::Call;
use crate::delivery::upstream::Upstream;
use crate::model::skip::SkipReason;

/// In the order of time. A mail that skips none allocates nothing.
#[derive(Default)]
pub(super) struct Skips(Vec<(Arc<str>, SkipReason)>);

impl Skips {
    /// Counts one, and keeps it for the log.
    pub(super) fn count(&mut self, upstream: &Upstream, reason: SkipReason) {
        upstream.count_skip(reason);
        self.0.push((Arc::clone(upstream.name()), reason));
    }

    /// One line, where there are any: the lines of attempts tell of hand-overs alone.
    pub(super) fn log<J>(&self, call: &Call<'_, J>) {
        if !self.0.is_empty() {
            info!(skipped = %self, rule = call.rule, id = %call.message.id(), "upstreams skipped");
        }
    }
}

/// `mg:rate_spent,sg:not_capable`
impl fmt::Display for Skips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(place, (upstream, reason))| {
            let separator = if place > 0 { "," } else { "" };
            write!(f, "{separator}{upstream}:{}", reason.as_str())
        })
    }
}
