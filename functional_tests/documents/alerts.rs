//! Alerts: each waits before it fires, has a severity and a heading of the runbook of its own, fires in one test and is silent
//! in another. `scripts/check` runs those tests with `promtool`, and `monitoring` has
//! Prometheus watch real nodes.

use std::collections::BTreeSet;
use std::fs;

use super::markdown::Document;
use super::metric_names::{Names, RULES, recorded};
use crate::harness::repository::{read, root};

const TESTS: [&str; 2] = ["alerts/tests.yaml", "alerts/tests-days.yaml"];
/// The groups of the rules as an object of the Prometheus operator: kustomize reads no file outside of its folder.
const OBJECT: &str = "k8s/components/monitoring/rules.yaml";
const HEAD: &str =
    "# Written by `UPDATE_GOLDEN=1 cargo test --test functional documents`: the groups of alerts/smsp.yaml.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: smsp
  labels:
    app.kubernetes.io/name: smsp
spec:
";

/// What stands behind each of these marks, up to the next one, with the first word there.
fn blocks<'a>(text: &'a str, mark: &str) -> Vec<(&'a str, &'a str)> {
    let name = |block: &'a str| (block.split_whitespace().next().unwrap_or_default(), block);
    text.split(mark).skip(1).map(name).collect()
}

/// Each alert, by name, with the text of its rule.
fn alerts() -> Vec<(String, String)> {
    let text = read(&root().join(RULES));
    let alerts = blocks(&text, "- alert: ").into_iter();
    let alerts: Vec<_> = alerts.map(|(name, block)| (name.to_owned(), block.to_owned())).collect();
    assert!(!alerts.is_empty());
    alerts
}

/// The value behind this key, in a line of its own.
fn value<'a>(block: &'a str, key: &str) -> Option<&'a str> {
    block.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": "))
}

#[test]
fn every_alert_waits_before_it_fires_and_says_whom_it_is_for() {
    for (name, block) in alerts() {
        assert!(value(&block, "for").is_some(), "{name} does not wait");
        let severity = value(&block, "severity");
        assert!(matches!(severity, Some("page" | "ticket")), "{name}: {severity:?}");
    }
}

#[test]
fn every_alert_has_a_heading_of_the_runbook_with_meaning_callers_one_command_and_its_end() {
    let runbook = Document::read("docs/runbook.md");
    let anchors: Vec<_> = runbook.anchors().collect();
    let sections: Vec<_> = runbook.text.split("\n## ").collect();
    let mut taken = BTreeSet::new();
    for (name, block) in alerts() {
        let url = value(&block, "runbook").and_then(|url| url.strip_prefix("docs/runbook.md#"));
        let anchor = url.unwrap_or_else(|| panic!("{name} names no heading of the runbook"));
        assert!(taken.insert(anchor.to_owned()), "{name}: #{anchor} is that of another alert");
        // The title is a heading too, and the text before the first section has it.
        let place = anchors.iter().position(|known| known == anchor);
        let section = sections[place.unwrap_or_else(|| panic!("{name}: the runbook has no #{anchor}"))];
        for part in [&*format!("**Alert:** `{name}`"), "**Means:**", "**Callers:**", "**Look:**", "```sh", "**Over:**"]
        {
            assert!(section.contains(part), "{name}: no {part} below {}", section.lines().next().unwrap_or_default());
        }
    }
}

#[test]
fn every_alert_fires_in_one_test_and_is_silent_in_another() {
    let tests: String = TESTS.iter().map(|path| read(&root().join(path))).collect();
    let tested = blocks(&tests, "- alertname: ");
    let silent = |block: &str| block.lines().any(|line| line.trim() == "exp_alerts: []");
    for (name, _) in alerts() {
        let of_it: Vec<_> =
            tested.iter().filter(|(tested, _)| *tested == name).map(|(_, block)| silent(block)).collect();
        assert!(of_it.contains(&true) && of_it.contains(&false), "{name}: silent in its tests: {of_it:?}");
    }
}

/// The text of a rule's expression, up to the key behind it.
fn expression(block: &str) -> String {
    let text = block.split_once("expr: >").map(|(_, text)| text).unwrap_or_default();
    let lines = text.lines().map(str::trim).take_while(|line| !line.starts_with("for:") && *line != "```");
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}

#[test]
fn the_rule_for_little_traffic_asks_for_a_number_of_calls_beside_all_of_the_shipped_one() {
    let shipped = alerts().into_iter().find(|(name, _)| name == "SmspErrorBudgetBurnsFast").expect("the alert").1;
    let page = Document::read("docs/how-to/alerts.md").text;
    let example = page.split_once("**Little traffic.**").map(|(_, rest)| expression(rest)).unwrap_or_default();
    assert!(example.starts_with(&format!("( {} ) and on (job) sum by (job)", expression(&shipped))), "{example}");
}

/// Every program that Prometheus scrapes may have them.
#[test]
fn a_rule_with_a_metric_of_every_process_asks_for_one_of_ours_too() {
    let of_all: Vec<_> = alerts().into_iter().filter(|(_, block)| block.contains("process_")).collect();
    assert!(!of_all.is_empty());
    for (name, block) in of_all {
        let rule = block.split("labels:").next().unwrap_or_default();
        assert!(rule.contains(" on (job, instance) smsp_"), "{name}: {rule}");
    }
}

#[test]
fn rules_and_runbook_name_metrics_that_there_are() {
    let names = Names::known();
    let rules = read(&root().join(RULES));
    for (name, block) in alerts() {
        assert!(!names.of(&block).is_empty(), "{name} names no metric");
    }
    for (document, text) in [(RULES, &rules), ("docs/runbook.md", &Document::read("docs/runbook.md").text)] {
        let unknown = names.unknown(text);
        assert!(unknown.is_empty(), "{document}: there is no {unknown:?}");
    }
    let unused: Vec<_> = recorded(&rules).into_iter().filter(|name| rules.matches(name.as_str()).count() < 2).collect();
    assert!(unused.is_empty(), "recorded, and used by no alert: {unused:?}");
}

#[test]
fn rules_of_the_component_for_kubernetes_are_those_of_the_alerts() {
    let rules = read(&root().join(RULES));
    let start = rules.find("groups:\n").expect("groups");
    let indented = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") };
    let real = HEAD.to_owned() + &rules[start..].lines().map(indented).collect::<String>();
    let path = root().join(OBJECT);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, real).unwrap_or_else(|error| panic!("{OBJECT}: {error}"));
    } else {
        assert_eq!(read(&path), real, "{OBJECT}: UPDATE_GOLDEN=1 writes it anew");
    }
}
