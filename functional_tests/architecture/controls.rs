//! Planted violations of the architecture: each is found, in every form that the language has for a path.

use std::collections::BTreeMap;

use super::circles::circles;
use super::table::{self, Row};
use super::tree::Tree;

const LOWER: &str = "pub struct Lower;";
const UPPER: &str = "pub struct Upper; pub mod deep;";
const DEEP: &str = "pub struct Deep;";
/// `upper` may name `lower`, and nothing else is permitted.
const TABLE: [Row<'_>; 2] = [("layer/upper", &["layer/lower"]), ("layer/lower", &[])];

/// Two modules of one layer, with these lines added to each.
fn tree(upper: &str, lower: &str) -> Tree {
    let files = [
        ("lib", "pub mod layer;".to_owned()),
        ("layer", "pub mod upper; pub mod lower; pub use upper::Upper as Shown;".to_owned()),
        ("layer/upper", format!("{UPPER}\n{upper}")),
        ("layer/upper/deep", DEEP.to_owned()),
        ("layer/lower", format!("{LOWER}\npub mod inner;\n{lower}")),
        ("layer/lower/inner", "pub struct Inner;".to_owned()),
    ];
    Tree::parse("lib", &files.map(|(file, text)| (file.to_owned(), text)).into())
}

fn violations(upper: &str, lower: &str) -> Vec<String> {
    let tree = tree(upper, lower);
    let arrows = tree.arrows();
    // What the layer re-exports is not what is tested here.
    let arrows = arrows.into_iter().filter(|((from, _), _)| *from != "layer").collect();
    table::violations(&tree, &arrows, &TABLE)
}

#[test]
fn permitted_arrow_is_no_violation() {
    for upper in [
        "use crate::layer::lower::Lower;",
        "use super::lower::{inner::Inner, Lower};",
        "fn f() { assert!(super::lower::f()); }",
    ] {
        assert_eq!(violations(upper, ""), Vec::<String>::new(), "{upper}");
    }
}

#[test]
fn forbidden_arrow_is_found_in_every_form() {
    for lower in [
        "use crate::layer::upper::Upper;",
        "use super::upper::Upper;",
        "use super::{upper::{deep::{self, Deep}}};",
        "use super::upper::{self};",
        "use super::upper as other;",
        "use super::upper::*;",
        "use super::Shown;",
        "use crate::layer::Shown as Hidden;",
        "fn f() { super::upper::f() }",
        "fn f(_: &Vec<crate::layer::upper::Upper>) {}",
        "mod own { use super::super::upper::Upper; }",
        "mod own { fn f() { super::super::upper::deep::f() } }",
        "use super::super::layer::upper::deep::Deep;",
        "fn f() { println!(\"{}\", super::upper::f(1)); }",
        "#[cfg(not(test))] use super::upper::Upper;",
        "use super as layer; fn f() { layer::upper::f() }",
        "impl From<super::upper::Upper> for Lower { fn from(_: super::upper::Upper) -> Self { Self } }",
    ] {
        let found = violations("use super::lower::Lower;", lower);
        assert_eq!(found.len(), 1, "{lower}: {found:?}");
        assert!(found[0].starts_with("layer/lower may not name layer/upper"), "{lower}: {found:?}");
    }
}

#[test]
fn comments_texts_visibilities_and_tests_break_no_row() {
    for lower in [
        "// use crate::layer::upper::Upper;",
        "/// See [`crate::layer::upper::Upper`].\nfn f() {}",
        "const TEXT: &str = \"crate::layer::upper::Upper\";",
        "pub(in crate::layer) fn f() {}",
        "#[cfg(test)] mod tests { use crate::layer::upper::Upper; }",
    ] {
        assert_eq!(violations("use super::lower::Lower;", lower), Vec::<String>::new(), "{lower}");
    }
}

#[test]
fn unused_permission_and_missing_module_are_found() {
    assert_eq!(violations("", ""), ["layer/upper has no need to name layer/lower"]);
    let only_in_tests = "#[cfg(test)] mod tests { use crate::layer::lower::Lower; }";
    assert_eq!(violations(only_in_tests, ""), ["layer/upper has no need to name layer/lower"]);
    let tree = tree("", "");
    let found = table::violations(&tree, &BTreeMap::new(), &[("layer/gone", &[])]);
    assert_eq!(found, ["there is no module layer/gone"]);
}

#[test]
fn file_without_a_row_may_name_nothing() {
    let tree = tree("", "");
    let found = table::violations(&tree, &tree.arrows(), &[("layer/lower", &[])]);
    assert!(found.iter().any(|violation| violation.starts_with("layer may not name layer/upper")), "{found:?}");
}

#[test]
fn circle_of_files_is_found() {
    let of_two = |upper: &str, lower: &str| circles(&tree(upper, lower).arrows());
    assert!(of_two("use super::lower::Lower;", "").is_empty());
    for lower in [
        "use super::upper::deep; fn f() { super::Shown }",
        "#[cfg(test)] mod tests { use super::super::upper::Upper; }",
        "fn f() { println!(\"{}\", super::upper::f()); }",
    ] {
        let circles = of_two("use super::lower::Lower;", lower);
        assert_eq!(circles.len(), 1, "{lower}: {circles:?}");
        assert!(circles[0].len() >= 2, "{circles:?}");
    }
}

#[test]
fn circle_of_a_child_and_its_parent_is_found() {
    for (child, expected) in [("pub struct Child;", 0), ("use super::Shared; pub struct Child;", 1)] {
        let files = [
            ("lib", "mod parent;"),
            ("parent", "mod child; use child::Child; struct Shared;"),
            ("parent/child", child),
        ];
        assert_eq!(circles(&parsed(&files).arrows()).len(), expected, "{child}");
    }
}

#[test]
fn clock_task_or_lock_in_the_circuit_is_found() {
    for planted in [
        "use std::time::Instant;",
        "use std::sync::{Arc, Mutex};",
        "fn f() { tokio::spawn(g()); }",
        "async fn f() {}",
        "fn f() { let _ = async { 1 }; }",
        "fn f() { debug_assert!(std::time::SystemTime::now() > x); }",
    ] {
        assert!(!found_in_circuit(planted).is_empty(), "{planted}");
    }
    assert_eq!(found_in_circuit("#[cfg(test)] mod tests { use std::sync::Mutex; }"), Vec::<String>::new());
}

fn found_in_circuit(circuit: &str) -> Vec<String> {
    super::in_circuit(&parsed(&[("lib", "mod delivery;"), ("delivery", "mod circuit;"), ("delivery/circuit", circuit)]))
}

#[test]
fn empty_module_is_found() {
    assert_eq!(parsed(&[("lib", "mod empty;"), ("empty", "//! Nothing yet.")]).empty_files(), ["empty"]);
}

fn parsed(files: &[(&str, &str)]) -> Tree {
    let owned = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned()));
    Tree::parse("lib", &owned.collect::<BTreeMap<_, _>>())
}
