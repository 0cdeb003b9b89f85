//! The upstreams in the operator's order, each with its place among them and its share of their mail.

use std::sync::Arc;

use crate::delivery::upstream::Upstream;

/// An upstream among the others.
#[derive(Clone, Copy)]
pub(super) struct UpstreamRow<'a> {
    pub(super) upstream: &'a Upstream,
    /// Its place, from 1.
    pub(super) position: usize,
    /// The part of the last minute's mails that was handed to it; `None`: there were none.
    pub(super) share: Option<f64>,
}

/// Every upstream. Each is read once, so that the shares add up to 1.
pub(super) fn rows(upstreams: &[Arc<Upstream>]) -> Vec<UpstreamRow<'_>> {
    let mails: Vec<_> = upstreams.iter().map(|upstream| upstream.mails_of_last_minute()).collect();
    let all = mails.iter().sum::<u64>();
    let share = |mails: u64| (all > 0).then(|| mails as f64 / all as f64);
    let places = upstreams.iter().zip(mails).zip(1..);
    places.map(|((upstream, mails), position)| UpstreamRow { upstream, position, share: share(mails) }).collect()
}
