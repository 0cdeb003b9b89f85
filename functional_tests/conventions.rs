//! Conventions of the code, held by reading it: module docs, no file that no module declares, routes with their document.

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
        .filter(|(before, _)| matches!(*before, "" | "pub " | "pub(crate) "))
        .map(|(_, name)| name.to_owned())
        .collect()
}

#[test]
fn no_file_names_a_path_outside_of_the_repository() {
    let folders = ["src", "functional_tests", "scripts", "benches", "fuzz/fuzz_targets", "k8s"];
    let documents =
        ["README.md", "CHANGELOG.md", "Dockerfile", "compose.yaml", "Cargo.toml"].map(|file| root().join(file));
    for path in folders.iter().flat_map(|folder| files(folder, |_| true)).chain(documents) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("a file can be read")).into_owned();
        for outside in [concat!("../", "shared"), concat!("/", "work/")] {
            assert!(!text.contains(outside), "{} names {outside}: let a variable name it", path.display());
        }
    }
}

/// Registered without a place in the document: only the document and its page may be.
const UNDOCUMENTED: &str = "src/ingress/api/document.rs";

#[test]
fn handlers_of_the_api_are_registered_together_with_their_document() {
    let files = rust_files("src/ingress").into_iter().map(|path| {
        let name = path.strip_prefix(root()).expect("below the root").display().to_string();
        (name, read(&path))
    });
    let of_api: Vec<_> = files.filter(|(name, _)| name.starts_with("src/ingress/api")).collect();
    let wrong = undocumented(&of_api);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Routes without a document, and documents without a route.
fn undocumented(files: &[(String, String)]) -> Vec<String> {
    let count = |what: &str| files.iter().map(|(_, text)| text.matches(what).count()).sum::<usize>();
    let others = files.iter().filter(|(name, _)| name != UNDOCUMENTED);
    let bare =
        others.filter(|(_, text)| [".route(", ".route_service(", ".nest("].iter().any(|call| text.contains(call)));
    let mut wrong: Vec<_> = bare.map(|(name, _)| format!("{name} registers a route without its document")).collect();
    let (registered, described) = (count("routes!("), count("#[utoipa::path("));
    if registered == 0 || registered != described {
        wrong.push(format!("{described} handlers are described, and {registered} are registered"));
    }
    wrong
}

#[test]
fn route_without_its_document_is_found() {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let sound =
        [file("src/ingress/api/email.rs", "#[utoipa::path(post)]"), file("src/ingress/api.rs", "routes!(send)")];
    assert_eq!(undocumented(&sound), Vec::<String>::new());
    let bare = file("src/ingress/api/more.rs", "router.route(\"/more\", get(more))");
    assert_eq!(undocumented(&[sound.to_vec(), vec![bare]].concat()).len(), 1);
    let unregistered = file("src/ingress/api/more.rs", "#[utoipa::path(get)]");
    assert_eq!(undocumented(&[sound.to_vec(), vec![unregistered]].concat()).len(), 1);
    assert_eq!(undocumented(&[]).len(), 1);
}
