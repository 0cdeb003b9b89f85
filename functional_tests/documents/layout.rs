//! How the documents are laid out: a short README, lines that a terminal shows whole, a summary that has them all.

use std::collections::BTreeSet;

use super::markdown::{Document, all};
use crate::harness::repository::root;

/// Bytes. What a newcomer reads before the first mail; everything else stands in `docs`.
const MAX_README: usize = 7 * 1024;

/// Columns.
const MAX_WIDTH: usize = 120;

#[test]
fn readme_is_at_most_7_kb() {
    let readme = Document::read("README.md");
    assert!(readme.text.len() <= MAX_README, "{} bytes", readme.text.len());
}

#[test]
fn lines_of_documents_are_at_most_120_columns_wide() {
    let mut wide = Vec::new();
    for document in all() {
        for (index, line) in document.text.lines().enumerate() {
            // A row of a table cannot be broken; in the README none needs to be longer.
            let may_be_wide = line.trim_start().starts_with('|') && document.path.as_os_str() != "README.md";
            if !may_be_wide && line.chars().count() > MAX_WIDTH {
                wide.push(format!("{}:{}: {line}", document.path.display(), index + 1));
            }
        }
    }
    assert!(wide.is_empty(), "{}", wide.join("\n"));
}

#[test]
fn summary_lists_every_document_of_the_folder_once() {
    let summary = Document::read("docs/SUMMARY.md");
    let listed: BTreeSet<_> = summary.links.iter().cloned().collect();
    assert_eq!(listed.len(), summary.links.len(), "one is listed twice: {:?}", summary.links);
    let documents = all().into_iter().filter_map(|document| {
        let path = document.path.strip_prefix("docs").ok()?.display().to_string();
        (path != "SUMMARY.md").then_some(path)
    });
    assert_eq!(listed, documents.collect());
}

#[test]
fn every_document_begins_with_its_title() {
    for document in all() {
        assert!(document.text.starts_with("# "), "{}", document.path.display());
    }
}

#[test]
fn fenced_blocks_name_their_language() {
    let without: Vec<_> = all()
        .into_iter()
        .filter(|document| document.blocks.iter().any(|block| block.info.is_empty()))
        .map(|document| document.path)
        .collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn every_script_is_named_by_a_document_and_every_named_script_exists() {
    let texts: String = all().into_iter().map(|document| document.text).collect();
    let named: BTreeSet<_> = texts
        .split("scripts/")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_lowercase() && c != '-').next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    let scripts = std::fs::read_dir(root().join("scripts")).expect("scripts/");
    let existing = scripts.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    assert_eq!(named, existing.collect());
}
