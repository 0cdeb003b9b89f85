//! The architecture, held by reading the code: which module may name which, no circle of files, no empty module, and a
//! circuit without clock, task or lock.
//!
//! `table` has the permissions. A path in a macro's arguments counts; a method that is called and a type that is not
//! written down do not, which is why the circuit is held by names as well.

mod items;
mod macro_paths;
mod reader;
mod tree;
mod circles;
mod table;
mod controls;

use std::collections::BTreeMap;

use crate::harness::repository::{read, root, rust_files};
use circles::circles;
use tree::Tree;

/// What would give the circuit a clock, a task, a lock or a wait.
const ABSENT_IN_CIRCUIT: [&str; 9] =
    ["Instant", "SystemTime", "tokio", "spawn", "sleep", "Mutex", "RwLock", "Condvar", "async"];

/// What one mail would wait for while another holds it.
const LOCKS: [&str; 4] = ["Mutex", "RwLock", "Condvar", "Semaphore"];

/// What would give the model or routing a clock, randomness or I/O.
const ABSENT_IN_MODEL: [&str; 9] =
    ["now", "now_v7", "new_v4", "SystemTime", "fastrand", "tokio", "fs", "TcpStream", "UdpSocket"];

/// A crate of this repository.
fn parse(folder: &str, root_file: &str) -> Tree {
    let base = root().join(folder);
    let texts = rust_files(folder).into_iter().map(|path| {
        let file = path.strip_prefix(&base).expect("below its folder").with_extension("");
        (file.display().to_string(), read(&path))
    });
    // The binary and the circuit under loom are crates of their own; each has one file that no other crate has.
    let texts = texts.filter(|(file, _)| file == root_file || !["main", "interleavings"].contains(&file.as_str()));
    Tree::parse(root_file, &texts.collect::<BTreeMap<_, _>>())
}

fn library() -> Tree {
    parse("src", "lib")
}

#[test]
fn modules_name_only_what_the_table_permits_and_need_every_permission() {
    let tree = library();
    let violations = table::violations(&tree, &tree.arrows(), table::TABLE);
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn no_files_name_each_other_in_a_circle() {
    for tree in [library(), parse("functional_tests", "main")] {
        let circles = circles(&tree.arrows());
        assert!(circles.is_empty(), "{circles:#?}");
    }
}

#[test]
fn circuit_has_no_clock_no_task_and_no_lock() {
    let found = in_circuit(&library());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn model_and_routing_read_no_clock_draw_no_number_and_do_no_io() {
    let tree = library();
    for module in ["model", "delivery/routing"] {
        let found = named_in(&tree, module, &ABSENT_IN_MODEL);
        assert!(found.is_empty(), "{found:#?}");
    }
    let control = named_in(&tree, "runtime/ids", &ABSENT_IN_MODEL);
    assert_eq!(control, ["runtime/ids names now_v7"], "the negative control");
}

#[test]
fn no_plan_waits_for_a_lock() {
    let tree = library();
    for module in ["delivery/routing", "delivery/dispatch"] {
        let found = named_in(&tree, module, &LOCKS);
        assert!(found.is_empty(), "{found:#?}");
    }
    // Taken after an answer that no table lists; no plan looks there.
    let control = named_in(&tree, "delivery/upstream", &LOCKS);
    assert_eq!(control, ["delivery/upstream/unlisted names Mutex"], "the negative control");
}

fn in_circuit(tree: &Tree) -> Vec<String> {
    named_in(tree, "delivery/circuit", &ABSENT_IN_CIRCUIT)
}

fn named_in(tree: &Tree, module: &str, absent: &[&str]) -> Vec<String> {
    let files = tree.files().filter(|file| table::is_in(file, module));
    let of_file = |file: &str| {
        let absent = absent.iter().filter(|name| tree.names(file).contains(**name));
        absent.map(|name| format!("{file} names {name}")).collect::<Vec<_>>()
    };
    files.flat_map(of_file).collect()
}

#[test]
fn no_module_is_empty_and_no_file_is_called_mod() {
    for tree in [library(), parse("functional_tests", "main")] {
        assert_eq!(tree.empty_files(), Vec::<&str>::new());
        let called_mod: Vec<_> = tree.files().filter(|file| *file == "mod" || file.ends_with("/mod")).collect();
        assert_eq!(called_mod, Vec::<&str>::new(), "use foo.rs beside foo/");
    }
}
