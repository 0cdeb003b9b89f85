//! Links between the documents: each leads to a file of the repository, and to a heading where it names one.

use std::path::{Component, Path, PathBuf};

use super::markdown::{Document, all};
use crate::harness::repository::root;

#[test]
fn every_relative_link_leads_to_a_file_and_its_heading() {
    let broken: Vec<_> = all().iter().flat_map(broken).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The links of a document that lead nowhere.
fn broken(document: &Document) -> Vec<String> {
    let is_ours = |link: &&String| !link.contains("://") && !link.starts_with("mailto:");
    let broken = document.links.iter().filter(is_ours).filter(|link| !leads_somewhere(document, link));
    broken.map(|link| format!("{}: {link}", document.path.display())).collect()
}

fn leads_somewhere(document: &Document, link: &str) -> bool {
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let path = match file {
        "" => document.path.clone(),
        file => resolved(&document.path.parent().unwrap_or_else(|| Path::new("")).join(file)),
    };
    let Some(anchor) = anchor else { return root().join(&path).exists() };
    let has = |document: &Document| document.anchors().any(|known| known == anchor);
    path == document.path && has(document)
        || root().join(&path).is_file() && has(&Document::read(&path.display().to_string()))
}

/// Without `..`, so that a path has one spelling.
fn resolved(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut all, part| {
        if part == Component::ParentDir {
            all.pop();
        } else {
            all.push(part);
        }
        all
    })
}

#[test]
fn broken_link_is_found() {
    let text = "# A title\n\n[a](../README.md) [b](#a-title) [c](https://example.org) [d](none.md) [e](#none) \
                [f](../README.md#none)\n";
    let document = Document::parsed(Path::new("docs/x.md"), text.to_owned());
    let found: Vec<_> = broken(&document).into_iter().map(|line| line.replace("docs/x.md: ", "")).collect();
    assert_eq!(found, ["none.md", "#none", "../README.md#none"]);
}
