//! Judges a ledger by every rule.

use super::record::Ledger;
use super::rule::Violation;
use super::{
    answers, attempts, circuits, deadlines, keys, mail_refusals, metrics_totals, partial, retry_advice, slow_uploads,
    upstream_rates, ways,
};

impl Ledger {
    /// Everything that must not be.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let index = self.index();
        let mut found = Vec::new();
        let mut note = |rule, what| found.push(Violation { rule, what });
        answers::check(self, &index, &mut note);
        attempts::check(self, &index, &mut note);
        circuits::check(self, &index, &mut note);
        deadlines::check(self, &mut note);
        metrics_totals::check(self, &index, &mut note);
        keys::check(self, &index, &mut note);
        retry_advice::check(self, &mut note);
        partial::check(self, &index, &mut note);
        mail_refusals::check(self, &mut note);
        slow_uploads::check(self, &mut note);
        ways::check(self, &index, &mut note);
        upstream_rates::check(self, &index, &mut note);
        found
    }

    #[track_caller]
    pub(crate) fn check(&self) {
        let found = self.violations();
        let first: Vec<_> = found.iter().take(5).map(ToString::to_string).collect();
        assert!(found.is_empty(), "{} violations, the first of them:\n{}", found.len(), first.join("\n"));
    }
}
