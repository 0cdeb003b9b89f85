//! The tables that are made from the code: settings, metrics, kinds of providers. `UPDATE_GOLDEN=1` writes them anew.

use std::fs;

use serde_json::Value;
use smsp::app::config::{Group, groups};
use smsp::runtime::settings::Entry;

use super::names;
use crate::harness::repository::{read, root};
use crate::harness::{Settings, run};

/// Compares what stands between two lines of a document, which begin so, with what is made from the code.
#[track_caller]
fn check(document: &str, begin: &str, end: &str, real: &str) {
    let path = root().join(document);
    let text = read(&path);
    let (before, rest) = text.split_once(begin).unwrap_or_else(|| panic!("{document} has no {begin}"));
    let (remark, rest) = rest.split_once('\n').expect("the end of a line");
    let (shown, after) = rest.split_once(end).unwrap_or_else(|| panic!("{document} has no {end}"));
    let real = format!("\n{real}\n");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let text = format!("{before}{begin}{remark}\n{real}{end}{after}");
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    } else {
        assert_eq!(shown, real, "{document}: UPDATE_GOLDEN=1 writes it anew");
    }
}

/// Every setting as Markdown, a table for each group.
fn settings() -> String {
    let table = |group: &Group| {
        let row = |(variable, entry): &(String, Entry)| {
            format!("| `{variable}` | {} | {} | {} |\n", entry.default(), entry.unit, entry.row.text)
        };
        let rows: String = group.settings.iter().map(row).collect();
        let about = if group.about.is_empty() { String::new() } else { format!("{}\n\n", wrapped(group.about)) };
        format!("### {}\n\n{about}| variable | default | value | |\n|---|---|---|---|\n{rows}", group.title)
    };
    groups().iter().map(table).collect::<Vec<_>>().join("\n")
}

/// Columns of a document's lines.
const WIDTH: usize = 120;

fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("one line at least");
        match line.is_empty() {
            true => line.push_str(word),
            false if line.chars().count() + 1 + word.chars().count() <= WIDTH => line.push_str(&format!(" {word}")),
            false => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

#[test]
fn tables_of_settings_are_those_of_the_rows() {
    check("docs/reference/configuration.md", "<!-- settings:", "<!-- end of settings -->", &settings());
}

#[test]
fn table_of_metrics_is_that_of_the_registry() {
    let row = |(name, metric): (String, names::Metric)| {
        let labels = metric.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        format!("| `{name}` | {} | {labels} | {} |\n", metric.r#type, metric.meaning)
    };
    let rows: String = names::metrics().into_iter().map(row).collect();
    let table = format!("| metric | type | labels | meaning |\n|---|---|---|---|\n{rows}");
    check("docs/reference/metrics.md", "<!-- metrics:", "<!-- end of metrics -->", &table);
}

#[tokio::test]
async fn table_of_kinds_is_the_one_of_the_document() {
    let output = run(&["openapi"], &Settings::empty()).await;
    let document: Value = serde_json::from_str(&output.stdout).expect("the document is JSON");
    let about = document["info"]["description"].as_str().expect("a description");
    let rows: String = about.lines().filter(|line| line.starts_with('|')).map(|line| format!("{line}\n")).collect();
    assert!(rows.starts_with("| kind |"), "{about}");
    check("docs/reference/providers.md", "<!-- kinds:", "<!-- end of kinds -->", &rows);
}
