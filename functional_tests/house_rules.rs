//! Conventions of the code, held by reading it: module docs, no file that no module declares, routes with their document.

use std::collections::BTreeSet;

use crate::harness::repository::{read, root, rust_files};

#[test]
fn every_file_says_first_what_it_is_and_why() {
    for path in rust_files("src").iter().chain(&rust_files("functional_tests")) {
        let text = read(path);
        assert!(
            text.starts_with("//! ") && text.lines().next().is_some_and(|line| line.len() > 10),
            "{}",
            path.display()
        );
    }
}

#[test]
fn every_file_is_declared_by_a_module() {
    for folder in ["src", "functional_tests"] {
        let files = rust_files(folder);
        let declared: BTreeSet<String> = files.iter().flat_map(|path| declared_modules(&read(path))).collect();
        for path in &files {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let known = ["lib", "main"].contains(&name.as_str()) || declared.contains(&name);
            assert!(known, "no module declares {}", path.display());
        }
    }
}

fn declared_modules(text: &str) -> Vec<String> {
    let names = text.lines().filter_map(|line| line.strip_suffix(';')?.rsplit_once("mod "));
    names
        .filter(|(before, _)| matches!(*before, "" | "pub " | "pub(crate) "))
        .map(|(_, name)| name.to_owned())
        .collect()
}

#[test]
fn handlers_are_registered_together_with_their_document() {
    let text = read(&root().join("src/ingress/api/routes.rs"));
    assert!(
        text.contains("routes!(") && !text.contains(".route("),
        "src/ingress/api/routes.rs registers a route without its document"
    );
}
