//! The rules of the house, held by reading `src/`: arrows, module docs, nothing that no module declares.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Which modules each one may name besides itself. `main` knows the library from outside.
const ARROWS: [(&str, &[&str]); 15] = [
    ("model", &[]),
    ("runtime", &[]),
    ("access", &["model", "runtime"]),
    ("ingress/server", &["model", "runtime"]),
    ("delivery/circuit", &["model"]),
    ("delivery/provider", &["model", "runtime"]),
    ("delivery/upstream", &["delivery/circuit", "delivery/provider", "model", "runtime"]),
    (
        "delivery/dispatch",
        &["delivery/circuit", "delivery/provider", "delivery/routing", "delivery/upstream", "model", "runtime"],
    ),
    ("delivery/routing", &["model"]),
    ("state", &["model", "runtime"]),
    ("service", &["state", "delivery/dispatch", "delivery/upstream", "model", "runtime"]),
    ("delivery/supervisor", &["delivery/circuit", "delivery/provider", "delivery/upstream", "model", "runtime"]),
    ("ingress/api", &["ingress/server", "service", "delivery/dispatch", "access", "model", "runtime"]),
    ("ingress/admin", &["ingress/server", "delivery/circuit", "delivery/upstream", "model", "runtime"]),
    (
        "app",
        &[
            "ingress/server",
            "ingress/api",
            "ingress/admin",
            "access",
            "service",
            "state",
            "delivery/routing",
            "delivery/dispatch",
            "delivery/supervisor",
            "delivery/upstream",
            "delivery/circuit",
            "delivery/provider",
            "model",
            "runtime",
        ],
    ),
];

/// Layers whose modules have arrows of their own.
const DIVIDED: [&str; 2] = ["delivery", "ingress"];

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub(crate) fn sources(folder: &str) -> Vec<PathBuf> {
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

/// The module that a file of `src/` belongs to, with its layer if that is divided.
fn module(path: &Path) -> String {
    let relative = path.strip_prefix(root().join("src")).expect("below src").with_extension("");
    let words: Vec<_> = relative.components().map(|word| word.as_os_str().to_string_lossy()).collect();
    joined(words.iter().map(AsRef::as_ref))
}

fn joined<'a>(mut words: impl Iterator<Item = &'a str>) -> String {
    let layer = words.next().expect("a name");
    match words.next().filter(|_| DIVIDED.contains(&layer)) {
        Some(module) => format!("{layer}/{module}"),
        None => layer.to_owned(),
    }
}

/// The modules that a text names as `crate::...`.
fn named(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let path = |rest: &str| rest.split(|c: char| !c.is_alphanumeric() && !"_:".contains(c)).next().map(str::to_owned);
    let paths = code.split("crate::").skip(1).filter_map(path);
    paths.map(|path| joined(path.split("::").filter(|word| !word.is_empty()))).collect()
}

/// The names in `text` that `module` may not name.
fn backward_arrows(module: &str, text: &str) -> Vec<String> {
    let allowed = ARROWS.iter().find(|(name, _)| *name == module).unwrap_or_else(|| panic!("{module} has no arrows")).1;
    named(text).into_iter().filter(|name| name != module && !allowed.contains(&name.as_str())).collect()
}

#[test]
fn arrows_point_inwards() {
    let mut wrong = Vec::new();
    for path in sources("src")
        .into_iter()
        .filter(|path| !["lib", "main"].contains(&module(path).as_str()) && !DIVIDED.contains(&module(path).as_str()))
    {
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
    for planted in ["use crate::ingress::api::ApiState;", "fn f() { crate::ingress::api::f() }"] {
        assert_eq!(backward_arrows("delivery/circuit", planted), ["ingress/api"], "{planted}");
    }
    let sound = "// crate::ingress::api\nuse crate::model::outcome::Blame;";
    assert_eq!(backward_arrows("delivery/circuit", sound), Vec::<String>::new());
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
    for path in sources("src").iter().filter(|path| module(path) == "delivery/circuit" && !path.ends_with("tests.rs")) {
        let text = read(path);
        for absent in ["Instant", "SystemTime", "tokio", "Mutex", "RwLock", "async"] {
            assert!(!text.contains(absent), "{} names {absent}", path.display());
        }
    }
}

#[test]
fn handlers_are_registered_together_with_their_document() {
    let text = read(&root().join("src/ingress/api/routes.rs"));
    assert!(
        text.contains("routes!(") && !text.contains(".route("),
        "src/ingress/api/routes.rs registers a route without its document"
    );
}
