//! The metrics that a text names, held against those that there are: of smsp, of its process, and those that rules record.

use std::collections::BTreeSet;

use super::names;
use crate::harness::repository::{read, root};

/// The rules for Prometheus.
pub(super) const RULES: &str = "alerts/smsp.yaml";

/// The names that queries may use.
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Those of the program, a histogram by each of its three series, and those that the rules record.
    pub(super) fn known() -> Self {
        let mut known = recorded(&read(&root().join(RULES)));
        for (name, metric) in names::metrics() {
            if metric.r#type == "histogram" {
                known.extend(["bucket", "sum", "count"].map(|series| format!("{name}_{series}")));
            }
            known.insert(name);
        }
        Self(known)
    }

    /// What a text has that looks like a name of a metric.
    pub(super) fn of(&self, text: &str) -> BTreeSet<String> {
        let words = text.split(|sign: char| !sign.is_ascii_alphanumeric() && !"_:".contains(sign));
        // A colon behind it is one of the sentence.
        let words = words.map(|word| word.trim_end_matches(':'));
        let is_name = |word: &&str| ["smsp_", "smsp:", "process_"].iter().any(|start| word.starts_with(start));
        words.filter(is_name).map(str::to_owned).collect()
    }

    /// The names in a text that are none. A pattern of `grep` may have the beginning of one, up to an underscore.
    pub(super) fn unknown(&self, text: &str) -> BTreeSet<String> {
        let is_known = |name: &String| {
            self.0.contains(name) || name.ends_with('_') && self.0.iter().any(|known| known.starts_with(name.as_str()))
        };
        self.of(text).into_iter().filter(|name| !is_known(name)).collect()
    }
}

/// The names under which rules record.
pub(super) fn recorded(rules: &str) -> BTreeSet<String> {
    let names = rules.lines().filter_map(|line| line.trim().strip_prefix("- record: "));
    names.map(str::to_owned).collect()
}

#[test]
fn name_that_is_none_is_found() {
    let names = Names::known();
    let text = "`smsp_unknown_total`: rate(smsp_attempt_duration_seconds_bucket[5m]) grep 'smsp_outbox_.*' smsp_none_total \
                smsp:none smsp_nothing_ smsp:email_errors:ratio_rate5m";
    let expected = ["smsp:none", "smsp_none_total", "smsp_nothing_"].map(str::to_owned);
    assert_eq!(names.unknown(text), expected.into());
}
