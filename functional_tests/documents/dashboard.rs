//! The dashboard: panels that do not overlap, names of metrics that there are, one filter for all.

use std::collections::BTreeSet;

use serde_json::Value;

use super::metric_names::Names;
use crate::harness::repository::{read, root};

const DASHBOARD: &str = "k8s/components/monitoring/dashboard.json";
/// Columns of a dashboard.
const WIDTH: u64 = 24;

fn panels() -> Vec<Value> {
    let dashboard: Value = serde_json::from_str(&read(&root().join(DASHBOARD))).expect("the dashboard is JSON");
    dashboard["panels"].as_array().expect("panels").clone()
}

fn is_row(panel: &&Value) -> bool {
    panel["type"] == "row"
}

#[test]
fn no_two_panels_share_a_place_a_number_or_a_title() {
    let (mut cells, mut ids, mut titles) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for panel in &panels() {
        let title = panel["title"].as_str().expect("a title");
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().expect("a number"));
        assert!(w > 0 && h > 0 && x + w <= WIDTH, "{title}: {}", panel["gridPos"]);
        for cell in (y..y + h).flat_map(|y| (x..x + w).map(move |x| (x, y))) {
            assert!(cells.insert(cell), "{title} lies upon another panel at {cell:?}");
        }
        assert!(ids.insert(panel["id"].as_u64().expect("a number")), "the id of {title} is that of another panel");
        assert!(titles.insert(title), "{title} is there twice");
    }
}

#[test]
fn every_panel_has_a_unit_the_data_source_that_was_chosen_and_queries_of_the_jobs_that_were_chosen() {
    for panel in panels().iter().filter(|panel| !is_row(panel)) {
        let title = &panel["title"];
        assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{title} has no unit");
        assert_eq!(panel["datasource"]["uid"], "$datasource", "{title}");
        let targets = panel["targets"].as_array().expect("targets");
        assert!(!targets.is_empty(), "{title} has no query");
        for target in targets {
            let expr = target["expr"].as_str().expect("a query");
            assert_eq!(expr.matches('{').count(), expr.matches(r#"{job=~"$job""#).count(), "{title}: {expr}");
        }
    }
}

#[test]
fn every_metric_of_the_dashboard_exists() {
    let names = Names::known();
    for panel in panels().iter().filter(|panel| !is_row(panel)) {
        let text = panel["targets"].to_string();
        assert!(!names.of(&text).is_empty(), "{} shows no metric", panel["title"]);
        let unknown = names.unknown(&text);
        assert!(unknown.is_empty(), "{}: there is no {unknown:?}", panel["title"]);
    }
}
