//! The rule that chooses the upstreams of one mail, and what it makes of them.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::turns::Turns;
use crate::delivery::routing::rules::{DEFAULT, MX, Rule, Rules, Target};
use crate::delivery::routing::{Candidate, Strategy};
use crate::delivery::upstream::Upstream;
use crate::model::submission::Submission;
use crate::runtime::metrics::{Metrics, RouteMetrics};

/// The rules of a node, and the counters of their mail.
pub(super) struct Routes {
    rules: Rules,
    /// The turns of the mails without a key of each rule; last, those of the mails that no rule holds for.
    pub(super) turns: Vec<Turns>,
    version: u64,
    metrics: RouteMetrics,
}

impl Routes {
    pub(super) fn new(rules: Rules, upstreams: &[Arc<Upstream>], metrics: &Metrics) -> Self {
        let version = version(&rules, upstreams);
        let names = rules.iter().map(|rule| &**rule.name()).chain([DEFAULT]);
        let upstreams = upstreams.iter().map(|upstream| &**upstream.name());
        let metrics = metrics.routes(upstreams, names);
        let turns = (0..=rules.iter().len()).map(|_| Turns::new()).collect();
        Self { rules, turns, version, metrics }
    }

    /// A number that differs where upstreams may have other mails than before.
    pub(super) fn version(&self) -> u64 {
        self.version
    }
}

/// Raised by one whenever what the adapters can carry changes: a limit, a field, a kind of provider that a mail may be too
/// large or too unusual for. Waiting mail is filed anew then, on every node; so it is not the version of the program, with
/// which two versions side by side would file all that waits to and fro.
const CARRIED: u32 = 1;

/// A digest of all that decides, as it is written, so it is one number on every node and after a restart.
fn version(rules: &Rules, upstreams: &[Arc<Upstream>]) -> u64 {
    let mut hash = Sha256::new_with_prefix(CARRIED.to_string());
    for upstream in upstreams {
        let domains = upstream.settings().from_domains.as_ref().map(ToString::to_string).unwrap_or_default();
        hash.update(format!("\n{} {} {domains}", upstream.name(), upstream.kind()));
    }
    let list = if rules.list_is_direct() { format!("\n{MX}") } else { String::new() };
    hash.update(format!("{list}\n{rules}"));
    hash.finalize().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// How the rules of a node apply to one mail, which keeps them though they are replaced.
pub(super) struct Route {
    routes: Arc<Routes>,
    /// The place of the rule that holds.
    place: Option<usize>,
    /// A report has no envelope sender, which no provider takes: it goes to its recipient's own server alone.
    is_report: bool,
}

impl Route {
    pub(super) fn new(routes: Arc<Routes>, submission: &Submission) -> Self {
        let is_report = submission.message.report().is_some();
        let place = routes.rules.find(submission).filter(|_| !is_report);
        Self { routes, place, is_report }
    }

    /// The rule that holds.
    pub(super) fn rule(&self) -> Option<&Rule> {
        self.routes.rules.get(self.place?)
    }

    fn targets(&self) -> &[Target] {
        self.rule().map(Rule::targets).unwrap_or_default()
    }

    /// All of so many upstreams, those that the rule names first.
    pub(super) fn order(&self, upstreams: usize) -> impl Iterator<Item = usize> {
        let others = (0..upstreams).filter(|upstream| !self.names(*upstream));
        self.targets().iter().map(|target| target.upstream).chain(others)
    }

    /// May the mail be offered to this upstream?
    pub(super) fn allows(&self, upstream: usize) -> bool {
        !self.is_report && (self.names(upstream) || !self.rule().is_some_and(Rule::is_pinned))
    }

    /// Does mail that no upstream takes go to its recipients' own servers?
    pub(super) fn is_direct(&self) -> bool {
        self.is_report || self.routes.rules.is_direct(self.place)
    }

    /// How much mail comes to the upstream beside others. A rule with weights puts those last that it does not name.
    pub(super) fn weight(&self, configured: &Candidate) -> u32 {
        if self.strategy() != Some(Strategy::Weighted) {
            return configured.weight;
        }
        let target = self.targets().iter().find(|target| target.upstream == configured.upstream);
        target.and_then(|target| target.weight).map_or(0, |weight| u32::from(weight.get()))
    }

    /// How much mail comes to the upstream for its floor: a rule without weights keeps the floors of those it names.
    pub(super) fn floor(&self, configured: &Candidate) -> u32 {
        let is_outside = self.rule().is_some() && !self.names(configured.upstream);
        if is_outside { 0 } else { configured.floor }
    }

    /// How the rule ranks its upstreams, if one holds.
    pub(super) fn strategy(&self) -> Option<Strategy> {
        let has_weights = self.rule()?.targets().iter().any(|target| target.weight.is_some());
        Some(if has_weights { Strategy::Weighted } else { Strategy::Priority })
    }

    /// The upstreams of each rule that keeps mail at this one or at others that it names.
    pub(super) fn pins(&self, upstream: usize) -> impl Iterator<Item = &[Target]> {
        let pinned = self.routes.rules.iter().filter(|rule| rule.is_pinned()).map(|rule| rule.targets());
        pinned.filter(move |targets| targets.iter().any(|target| target.upstream == upstream))
    }

    fn names(&self, upstream: usize) -> bool {
        self.targets().iter().any(|target| target.upstream == upstream)
    }

    /// Counts a mail that was handed to this upstream.
    pub(super) fn count(&self, upstream: usize) {
        self.routes.metrics.routed(self.place_of_counters(), upstream);
    }

    /// Counts the mails without a key that go the same way.
    pub(super) fn turns(&self) -> &Turns {
        &self.routes.turns[self.place_of_counters()]
    }

    /// Mail that no rule holds for is counted after all rules.
    fn place_of_counters(&self) -> usize {
        self.place.unwrap_or(self.routes.rules.iter().len())
    }
}
