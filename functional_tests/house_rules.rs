//! The rules of the house, held by reading `src/`: arrows, module docs, nothing that no module declares.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Which modules each one may name besides itself. `main` knows the library from outside.
const ARROWS: [(&str, &[&str]); 17] = [
    ("message", &[]),
    ("outcome", &[]),
    ("metrics", &[]),
    ("secret", &[]),
    ("telemetry", &[]),
    ("shutdown", &[]),
    ("suggestion", &[]),
    ("off_worker", &["telemetry"]),
    ("circuit", &["outcome"]),
    ("provider", &["message", "outcome", "off_worker"]),
    ("upstream", &["message", "outcome", "circuit", "provider", "metrics"]),
    ("dispatch", &["message", "outcome", "circuit", "provider", "upstream", "metrics", "shutdown", "off_worker"]),
    ("supervisor", &["message", "outcome", "circuit", "provider", "upstream", "metrics", "shutdown"]),
    ("http", &["dispatch", "message", "outcome", "metrics", "secret", "shutdown", "suggestion", "telemetry"]),
    ("ops", &["circuit", "upstream", "outcome", "metrics", "shutdown"]),
    (
        "config",
        &[
            "http",
            "dispatch",
            "supervisor",
            "upstream",
            "circuit",
            "provider",
            "message",
            "telemetry",
            "shutdown",
            "secret",
            "suggestion",
        ],
    ),
    (
        "app",
        &[
            "config",
            "circuit",
            "http",
            "ops",
            "dispatch",
            "supervisor",
            "upstream",
            "provider",
            "outcome",
            "metrics",
            "telemetry",
            "shutdown",
            "secret",
        ],
    ),
];

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The top module that a file of `src/` belongs to.
fn module(path: &Path) -> String {
    let relative = path.strip_prefix(root().join("src")).expect("below src");
    let first = relative.components().next().expect("a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The top modules that a text names as `crate::name`, alone or in braces.
fn named(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut names = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let group = rest.strip_prefix('{').and_then(|group| group.split('}').next());
        for name in group.unwrap_or(rest).split(',').take(if group.is_some() { usize::MAX } else { 1 }) {
            let name = name.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next();
            names.extend(name.filter(|name| !name.is_empty()).map(str::to_owned));
        }
    }
    names
}

/// The names in `text` that `module` may not name.
fn backward_arrows(module: &str, text: &str) -> Vec<String> {
    let allowed = ARROWS.iter().find(|(name, _)| *name == module).unwrap_or_else(|| panic!("{module} has no arrows")).1;
    named(text).into_iter().filter(|name| name != module && !allowed.contains(&name.as_str())).collect()
}

#[test]
fn arrows_point_inwards() {
    let mut wrong = Vec::new();
    for path in sources("src").into_iter().filter(|path| !matches!(module(path).as_str(), "lib" | "main")) {
        // Tests of a room may put a bench together from its neighbours.
        if path.ends_with("tests.rs") {
            continue;
        }
        let text = read(&path);
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for name in backward_arrows(&module(&path), text) {
            wrong.push(format!("{} names {name}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_planted_backward_arrow_is_found() {
    for planted in ["use crate::http::Door;", "use crate::{outcome::Blame, http};", "fn f() { crate::http::f() }"] {
        assert_eq!(backward_arrows("circuit", planted), ["http"], "{planted}");
    }
    assert_eq!(backward_arrows("circuit", "// crate::http\nuse crate::outcome::Blame;"), Vec::<String>::new());
}

#[test]
fn every_file_says_first_what_it_is_and_why() {
    for path in sources("src").iter().chain(&sources("functional_tests")) {
        let text = read(path);
        assert!(
            text.starts_with("//! ") && text.lines().next().is_some_and(|line| line.len() > 10),
            "{}",
            path.display()
        );
    }
}

#[test]
fn every_file_is_declared_and_none_is_called_mod() {
    for folder in ["src", "functional_tests"] {
        let files = sources(folder);
        let declared: BTreeSet<String> = files.iter().flat_map(|path| declared_modules(&read(path))).collect();
        for path in &files {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            assert_ne!(name, "mod", "{}", path.display());
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
fn the_circuit_has_no_clock_no_task_and_no_lock() {
    for path in sources("src").iter().filter(|path| module(path) == "circuit" && !path.ends_with("tests.rs")) {
        let text = read(path);
        for absent in ["Instant", "SystemTime", "tokio", "Mutex", "RwLock", "async"] {
            assert!(!text.contains(absent), "{} names {absent}", path.display());
        }
    }
}

#[test]
fn handlers_are_registered_together_with_their_document() {
    let text = read(&root().join("src/http.rs"));
    assert!(
        text.contains("routes!(") && !text.contains(".route("),
        "src/http.rs registers a route without its document"
    );
}
