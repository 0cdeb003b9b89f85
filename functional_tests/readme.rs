//! What the README says, held against what the program does: scripts, variables, defaults, limits, providers.

use std::collections::BTreeSet;
use std::fs;

use smsp::app::config::{Group, groups};
use smsp::delivery::provider::KINDS;
use smsp::runtime::settings::Entry;

use crate::harness::repository::{read, root};
use crate::harness::{Settings, kinds, run};

#[test]
fn every_script_that_the_readme_names_exists_and_every_script_is_named() {
    let readme = read(&root().join("README.md"));
    let named: BTreeSet<_> = readme
        .split("scripts/")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_lowercase() && c != '-').next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    let scripts = fs::read_dir(root().join("scripts")).expect("scripts/");
    let existing: BTreeSet<_> =
        scripts.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(named, existing);
}

/// The variable of each row of the README's table, and its default where that is a value rather than words.
fn documented() -> Vec<(String, Option<String>)> {
    let readme = read(&root().join("README.md"));
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `SMSP_"));
    rows.map(|row| {
        let (name, rest) = row.split_once('`').expect("a closing backtick");
        let cell = rest.split('|').nth(1).unwrap_or_default().trim();
        let default = cell.strip_prefix('`').and_then(|text| text.strip_suffix('`'));
        (format!("SMSP_{name}"), default.map(str::to_owned))
    })
    .collect()
}

/// Every variable there is, with its default, as the binary itself lists them.
async fn effective() -> Vec<(String, String)> {
    let settings = Settings::empty()
        .with("SMSP_API_KEY", "k")
        .with("SMSP_PROVIDERS", &kinds::upstreams())
        .with("SMSP_POLL_MESSAGE_ADDRESS", "poll@example.org");
    // Its table shows the address of this region.
    let settings = KINDS.iter().fold(settings, kinds::with_needed).with("SMSP_SES_REGION", "eu-west-1");
    let output = run(&["check-config"], &settings).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let pairs = output.stdout.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn the_readmes_table_names_every_variable_and_no_other() {
    // What may be set for one caller or upstream alone stands there once, as what holds for all.
    let own = |name: &str| {
        if let Some(rest) = name.strip_prefix("SMSP_CALLER_CALLER_") {
            return format!("SMSP_CALLER_{rest}");
        }
        let is_limit = |rest: &&str| ["ATTEMPT_TIMEOUT", "CONCURRENCY"].contains(rest) || rest.starts_with("CIRCUIT_");
        let rest = KINDS.iter().find_map(|kind| name.strip_prefix(kinds::prefix(kind).as_str()));
        rest.filter(is_limit).map_or_else(|| name.to_owned(), |rest| format!("SMSP_{rest}"))
    };
    let real: BTreeSet<_> = effective().await.iter().map(|(name, _)| own(name)).collect();
    let documented: BTreeSet<_> = documented().into_iter().map(|(name, _)| name).collect();
    assert_eq!(documented, real);
}

/// Every setting as Markdown, a table for each group.
fn settings_tables() -> String {
    let table = |group: &Group| {
        let row = |(variable, entry): &(String, Entry)| {
            format!("| `{variable}` | {} | {} | {} |\n", entry.default(), entry.unit, entry.row.text)
        };
        let rows: String = group.settings.iter().map(row).collect();
        let about = if group.about.is_empty() { String::new() } else { format!("{}\n\n", group.about) };
        format!("### {}\n\n{about}| variable | default | value | |\n|---|---|---|---|\n{rows}", group.title)
    };
    groups().iter().map(table).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_readmes_tables_of_settings_are_those_of_the_rows() {
    let (path, readme) = (root().join("README.md"), read(&root().join("README.md")));
    let (before, rest) = readme.split_once("<!-- settings:").expect("the beginning of the settings");
    let (remark, rest) = rest.split_once('\n').expect("the end of a line");
    let (shown, after) = rest.split_once("<!-- end of settings -->").expect("the end of the settings");
    let real = format!("\n{}\n", settings_tables());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let text = format!("{before}<!-- settings:{remark}\n{real}<!-- end of settings -->{after}");
        fs::write(&path, text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    } else {
        assert_eq!(shown, real, "UPDATE_GOLDEN=1 writes them anew");
    }
}

#[tokio::test]
async fn every_default_in_the_readmes_table_is_the_real_one() {
    let (real, documented) = (effective().await, documented());
    let literal = documented.iter().filter_map(|(name, default)| Some((name, default.as_ref()?)));
    let literal: Vec<_> = literal.collect();
    // The others have words for their default, such as "required".
    assert!(literal.len() * 2 > documented.len(), "only {} of {} rows", literal.len(), documented.len());
    for (name, default) in literal {
        let found = real.iter().find(|(real, _)| real == name).unwrap_or_else(|| panic!("{name} is not a variable"));
        // The listing has the region in its place.
        assert_eq!(found.1, default.replace("{region}", "eu-west-1"), "{name}");
    }
}

/// The chapter's text speaks of a default as `NAME` (value), perhaps with more words behind the value.
#[tokio::test]
async fn every_default_in_the_chapter_on_limits_is_the_real_one() {
    let (readme, real) = (read(&root().join("README.md")), effective().await);
    let chapter = readme.split("## Limits and threats").nth(1).and_then(|rest| rest.split("\n## ").next());
    let mut seen = 0;
    for mention in chapter.expect("the chapter on limits").split("`SMSP_").skip(1) {
        let Some((name, rest)) = mention.split_once("` (") else { continue };
        let value = rest.split([')', ',']).next().unwrap_or_default().replace(' ', "");
        let name = format!("SMSP_{name}");
        if let Some((_, default)) = real.iter().find(|(real, _)| *real == name) {
            assert_eq!(*default, value, "{name}");
            seen += 1;
        }
    }
    assert!(seen >= 12, "only {seen} defaults were found");
}

/// The rows of a Markdown table whose head starts like this.
fn table(text: &str, head: &str) -> String {
    let rows: Vec<_> =
        text.lines().skip_while(|line| !line.starts_with(head)).take_while(|line| line.starts_with('|')).collect();
    rows.join("\n")
}

#[tokio::test]
async fn the_readmes_table_of_providers_is_the_one_of_the_document() {
    let output = run(&["openapi"], &Settings::empty()).await;
    let document: serde_json::Value = serde_json::from_str(&output.stdout).expect("the document is JSON");
    let about = document["info"]["description"].as_str().expect("a description");
    let (path, readme) = (root().join("README.md"), read(&root().join("README.md")));
    let (real, shown) = (table(about, "| kind |"), table(&readme, "| kind |"));
    assert!(!real.is_empty(), "no table in {about}");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, readme.replace(&shown, &real)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    } else {
        assert_eq!(shown, real, "UPDATE_GOLDEN=1 writes it anew");
    }
}
