//! The upstreams whose circuits keep a mail away that would go there next: what `smsp_circuit_rejected_total` counts.
//!
//! The plan is made as if every open circuit took mail, with the draw of the mail, so the rule is one for all strategies. An
//! open circuit rejects the mail if it has the first place there that the mail has not come to; so does the one behind it.
//! Deliberately absent: upstreams that the mail may not or cannot go to anyway, and rates, of which an open circuit lets
//! nothing be known.

use super::policy::SendPolicy;
use crate::delivery::routing::{ALL_MAIL, Candidate, Draw};

/// The upstreams, in the order in which the mail would come to them. Where no circuit is open, nothing is allocated.
pub(super) fn rejections(
    policy: &SendPolicy,
    draw: Draw,
    candidates: &[Candidate],
    was_visited: impl Fn(usize) -> bool,
) -> Vec<usize> {
    if !candidates.iter().any(is_open) {
        return Vec::new();
    }
    let all_closed: Vec<_> = candidates.iter().map(closed).collect();
    let plan = policy.plan(draw, &all_closed);
    let to_come = plan.asked().iter().map(|place| place.upstream()).filter(|upstream| !was_visited(*upstream));
    let is_open = |upstream: &usize| candidates.iter().any(|one| one.upstream == *upstream && is_open(one));
    to_come.take_while(is_open).collect()
}

/// Would it be offered the mail, but for its circuit?
fn is_open(candidate: &Candidate) -> bool {
    candidate.circuit_share == 0 && candidate.left_out.is_none()
}

/// The candidate, as if its circuit were not open.
fn closed(candidate: &Candidate) -> Candidate {
    Candidate { circuit_share: if is_open(candidate) { ALL_MAIL } else { candidate.circuit_share }, ..*candidate }
}
