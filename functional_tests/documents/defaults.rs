//! Defaults and names that stand in the documents are the real ones.

use std::collections::BTreeSet;

use super::markdown::{all, tables};
use super::names;

#[tokio::test]
async fn every_default_in_the_tables_of_settings_is_the_real_one() {
    let real = names::variables().await;
    let rows: Vec<_> = tables("variable").into_iter().flat_map(|table| table.rows).collect();
    // The others have words for their default, such as "required".
    let literal = rows.iter().filter(|row| row[1].starts_with('`') && row[1].ends_with('`'));
    let mut seen = 0;
    for row in literal {
        let (name, default) = (row[0].trim_matches('`'), row[1].trim_matches('`'));
        let found = real.iter().find(|(real, _)| real == name).unwrap_or_else(|| panic!("{name} is not a variable"));
        // The listing has the region in its place.
        assert_eq!(found.1, default.replace("{region}", "eu-west-1"), "{name}");
        seen += 1;
    }
    assert!(seen * 2 > rows.len(), "only {seen} of {} rows", rows.len());
}

/// Text speaks of a default as `` `NAME` (value) ``, perhaps with more words behind the value.
#[tokio::test]
async fn every_default_in_a_text_is_the_real_one() {
    let real = names::variables().await;
    let mut seen = 0;
    for document in all() {
        for mention in document.text.split("`SMSP_").skip(1) {
            let Some((name, rest)) = mention.split_once("` (") else { continue };
            let value = rest.split([')', ',']).next().unwrap_or_default().replace(' ', "");
            let name = format!("SMSP_{name}");
            let Some((_, default)) = real.iter().find(|(real, _)| names::listed_as(real) == name) else { continue };
            // A value that is no word of a setting is a remark.
            let is_value = value.starts_with(|c: char| c.is_ascii_digit());
            if is_value {
                assert_eq!(
                    value.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', ""),
                    *default,
                    "{}: {name}",
                    document.path.display()
                );
                seen += 1;
            }
        }
    }
    assert!(seen >= 12, "only {seen} defaults were found");
}

/// What is no variable of a node, with who reads it.
const OF_OTHERS: [(&str, &str); 12] = [
    ("SMSP_TEST_SEED", "the tests"),
    ("SMSP_SPECS", "scripts/check"),
    ("SMSP_ADVISORY_DB", "scripts/check"),
    ("SMSP_HOST_PORT", "the tests"),
    ("SMSP_PROTOCOL", "the tests"),
    ("SMSP_URL", "openapi/examples"),
    ("SMSP_OPS_HOST", "the changelog: the former name"),
    ("SMSP_OPS_PORT", "the changelog: the former name"),
    ("SMSP_BENCH_COUNT", "benches/circuit.rs"),
    ("SMSP_COMMIT", "scripts/image, for the build"),
    ("SMSP_LEDGER_BINARY", "the tests"),
    ("SMSP_SKIP_LOG", "the tests"),
];

/// Names in capitals as they stand in the text, without a trailing `_`.
fn mentioned(start: &str, text: &str, of_a_name: impl Fn(char) -> bool) -> BTreeSet<String> {
    let rests = text.match_indices(start).map(|(at, _)| &text[at..]);
    let names = rests.filter_map(|rest| rest.split(|c| !of_a_name(c)).next());
    names.map(|name| name.trim_end_matches('_').to_owned()).collect()
}

#[tokio::test]
async fn every_variable_that_a_document_names_exists() {
    let real: BTreeSet<_> = names::variables().await.into_iter().map(|(name, _)| name).collect();
    let listed: BTreeSet<_> = real.iter().map(|name| names::listed_as(name)).collect();
    // Behind the name of an upstream or a caller of the document's own.
    let endings: BTreeSet<_> =
        real.iter().filter_map(|name| name.splitn(3, '_').nth(2)).map(|ending| format!("_{ending}")).collect();
    let is_known = |name: &str| {
        let name = name.strip_suffix("_FILE").unwrap_or(name);
        listed.contains(name)
            || real.iter().any(|known| known.starts_with(&format!("{name}_")))
            || endings.iter().any(|ending| name.ends_with(ending.as_str()))
            || OF_OTHERS.iter().any(|(known, _)| *known == name)
    };
    for document in all() {
        let named = mentioned("SMSP_", &document.text, |c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        let unknown: Vec<_> = named.iter().filter(|name| !is_known(name)).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", document.path.display());
    }
}

/// The id of a mail at a provider, and the package that a generator makes.
const NO_METRICS: [&str; 2] = ["smsp_id", "smsp_client"];

#[test]
fn every_metric_that_a_document_names_exists() {
    let real = names::metrics();
    let is_known = |name: &str| {
        let name = ["_bucket", "_count", "_sum"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
        // A pattern of `grep` has the beginning of some.
        let is_beginning = |real: &String| real.strip_prefix(name).is_some_and(|rest| rest.starts_with('_'));
        real.contains_key(name) || NO_METRICS.contains(&name) || real.keys().any(is_beginning)
    };
    // The changelog has the former names.
    for document in all().iter().filter(|document| !document.path.ends_with("CHANGELOG.md")) {
        let named = mentioned("smsp_", &document.text, |c| c.is_ascii_lowercase() || c == '_');
        let unknown: Vec<_> = named.iter().filter(|name| !is_known(name)).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", document.path.display());
    }
}
