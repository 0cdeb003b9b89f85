//! Alerts: each names metrics that there are and a heading of the runbook, fires in one test and is silent in another.
//! `scripts/check` runs those tests with `promtool`.

use std::collections::BTreeSet;

use super::markdown::Document;
use super::names;
use crate::harness::repository::{read, root};

const RULES: &str = "alerts/smsp.yaml";
const TESTS: &str = "alerts/tests.yaml";

/// What stands behind each of these marks, up to the next one, with the first word there.
fn blocks<'a>(text: &'a str, mark: &str) -> Vec<(&'a str, &'a str)> {
    let name = |block: &'a str| (block.split_whitespace().next().unwrap_or_default(), block);
    text.split(mark).skip(1).map(name).collect()
}

fn alerts() -> Vec<(String, String)> {
    let text = read(&root().join(RULES));
    let alerts = blocks(&text, "- alert: ").into_iter();
    alerts.map(|(name, block)| (name.to_owned(), block.to_owned())).collect()
}

#[test]
fn every_alert_has_a_heading_of_the_runbook() {
    let runbook = Document::read("docs/runbook.md");
    let anchors: BTreeSet<_> = runbook.anchors().collect();
    for (name, block) in alerts() {
        let line = block.lines().find_map(|line| line.trim().strip_prefix("runbook: docs/runbook.md#"));
        let anchor = line.unwrap_or_else(|| panic!("{name} names no heading of the runbook"));
        assert!(anchors.contains(anchor), "{name}: the runbook has no #{anchor}");
        assert!(runbook.text.contains(&format!("`{name}`")), "the runbook does not name {name}");
    }
}

#[test]
fn every_alert_fires_in_one_test_and_is_silent_in_another() {
    let tests = read(&root().join(TESTS));
    let tested = blocks(&tests, "- alertname: ");
    let silent = |block: &str| block.lines().any(|line| line.trim() == "exp_alerts: []");
    let alerts = alerts();
    assert!(!alerts.is_empty());
    for (name, _) in alerts {
        let of_it: Vec<_> =
            tested.iter().filter(|(tested, _)| *tested == name).map(|(_, block)| silent(block)).collect();
        assert!(of_it.contains(&true) && of_it.contains(&false), "{name}: silent in its tests: {of_it:?}");
    }
}

#[test]
fn alerts_name_metrics_that_there_are() {
    let metrics = names::metrics();
    for (name, block) in alerts() {
        let words = block.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
        let named: BTreeSet<_> = words.filter(|word| word.starts_with("smsp_")).collect();
        assert!(!named.is_empty(), "{name} names no metric");
        let unknown: Vec<_> = named.iter().filter(|word| !metrics.contains_key(**word)).collect();
        assert!(unknown.is_empty(), "{name}: there is no {unknown:?}");
    }
}
