//! Conventions of the code, held by reading it: module docs, no file that no module declares, no path of elsewhere.

use std::collections::BTreeSet;

use crate::harness::repository::{files, read, root, rust_files};

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
        .filter(|(before, _)| matches!(*before, "" | "pub " | "pub(crate) " | "pub(super) "))
        .map(|(_, name)| name.to_owned())
        .collect()
}

#[test]
fn no_file_names_a_path_outside_of_the_repository() {
    let folders = ["src", "functional_tests", "scripts", "benches", "fuzz/fuzz_targets", "k8s", "docs", "openapi"];
    let single =
        ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "compose.yaml", "Dockerfile", "Cargo.toml"];
    let single = single.map(|file| root().join(file));
    for path in folders.iter().flat_map(|folder| files(folder, |_| true)).chain(single) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("a file can be read")).into_owned();
        for outside in [concat!("../", "shared"), concat!("/", "work/")] {
            assert!(!text.contains(outside), "{} names {outside}: let a variable name it", path.display());
        }
    }
}
