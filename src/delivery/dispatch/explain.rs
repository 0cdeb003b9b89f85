//! Where a mail would go if it came now, and why nowhere else: its plan, made as for a mail that is sent.
//!
//! Invariant: a mail that is explained leaves no trace. It takes no turn, no permit and no place, it moves no adaptive share,
//! and nothing of it is counted.

use std::sync::Arc;

use super::candidates::Candidates;
use super::explanation::{ExplainedPlace, Explanation};
use super::route::Route;
use super::{Dispatcher, policy};
use crate::delivery::routing::rules::Rule;
use crate::delivery::routing::{Candidate, Place, preview};
use crate::delivery::upstream::Upstream;
use crate::model::left_out::LeftOut;
use crate::model::submission::Submission;

impl Dispatcher {
    /// Explains where this mail would go.
    pub fn explain(&self, submission: &Submission) -> Explanation {
        let Submission { message, options, .. } = submission;
        let route = Route::new(self.routes.load_full(), submission);
        let configured = self.with_upcoming_shares();
        let candidates =
            Candidates { upstreams: &self.upstreams, configured: &configured, adaptive: None, route: &route };
        let (strategy, key) = (policy::strategy(&self.settings, &route), options.key.map(|key| key.number()));
        let places = preview(strategy, key, &candidates.now(message));
        let explained = |place: &Place| explained(place, &self.upstreams[place.upstream()]);
        let (rule, is_direct) = (route.rule().map(Rule::name).map(Arc::clone), route.is_direct());
        Explanation { rule, plan: places.iter().map(explained).collect(), is_direct }
    }

    /// The upstreams with the adaptive shares that the next mail will find, if shares adapt.
    fn with_upcoming_shares(&self) -> Vec<Candidate> {
        let mut configured = self.candidates.clone();
        let shares = self.adaptive.iter().flat_map(|adaptive| adaptive.upcoming());
        configured.iter_mut().zip(shares).for_each(|(candidate, share)| candidate.adaptive_share = share);
        configured
    }
}

fn explained(place: &Place, upstream: &Upstream) -> ExplainedPlace {
    ExplainedPlace {
        upstream: Arc::clone(upstream.name()),
        share: place.share,
        availability: place.availability,
        detail: place.left_out().and_then(|reason| detail(reason, upstream)),
        // A probe does not end an operator's order: such an upstream is not known to be usable at any time.
        next_probe: upstream.until_usable().and(upstream.until_next_probe()),
    }
}

fn detail(reason: LeftOut, upstream: &Upstream) -> Option<String> {
    match reason {
        LeftOut::Circuit => upstream.why_circuit_takes_no_mail().map(str::to_owned),
        LeftOut::NotCapable(lacking) => Some(lacking.to_string()),
        LeftOut::SenderNotAllowed | LeftOut::Rule | LeftOut::SenderHeld | LeftOut::RateSpent => None,
    }
}
