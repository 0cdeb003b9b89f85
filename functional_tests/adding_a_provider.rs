//! What a new provider touches by hand: the tests find it by the list of kinds, so that no list is kept in them.

use std::collections::BTreeSet;

use crate::harness::kinds;
use crate::harness::repository::{read, root, rust_files};

/// The files that name most kinds, and why a new kind need not be written into them; the first is the list itself.
const LISTS: [(&str, &str); 6] = [
    ("src/delivery/provider.rs", "KINDS"),
    ("functional_tests/harness/stub_provider/rules.rs", "its document.json may describe the form of a request instead"),
    ("functional_tests/stub_rules/violations.rs", "a described form is broken field by field"),
    ("functional_tests/oracles/anymail.rs", "only kinds that django-anymail knows can be compared with it"),
    ("functional_tests/ledger/fault/definition.rs", "the ledger's mix of kinds is its own"),
    ("fuzz/fuzz_targets/said.rs", "a kind without an envelope gets those of the others"),
];

/// More names than this make a list.
const MAX_EXAMPLES: usize = 3;

#[test]
fn no_test_and_no_module_keeps_a_list_of_kinds() {
    let names =
        |text: &str, name: &str| text.contains(&format!("\"{name}\"")) || text.contains(&format!("mod {name};"));
    let named = |text: &str| kinds::over_http().filter(|kind| names(text, kind.name)).count();
    let all = ["src", "functional_tests", "fuzz/fuzz_targets"].into_iter().flat_map(rust_files);
    let lists: BTreeSet<_> = all
        .filter(|path| named(&read(path)) > MAX_EXAMPLES)
        .map(|path| path.strip_prefix(root()).expect("below the root").display().to_string())
        .collect();
    assert_eq!(lists, LISTS.map(|(path, _)| path.to_owned()).into(), "iterate KINDS instead");
}

#[test]
fn contributing_lists_the_files_of_a_new_provider() {
    let contributing = read(&root().join("CONTRIBUTING.md"));
    let chapter = contributing.split("## Adding a provider").nth(1).expect("the chapter");
    let steps = chapter.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    let files: Vec<_> = steps.filter_map(|line| line.split('`').nth(1)).collect();
    let expected =
        ["src/delivery/provider/<name>.rs", "src/delivery/provider.rs", "src/delivery/provider/<name>/document.json"];
    assert_eq!(files, expected);
    for kind in kinds::over_http() {
        let of = |file: &&&str| root().join(file.replace("<name>", kind.name)).exists();
        assert_eq!(files.iter().filter(of).count(), files.len(), "{}", kind.name);
    }
}
