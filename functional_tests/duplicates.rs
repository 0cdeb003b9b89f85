//! Loops that people write instead of smsp send a mail twice where smsp says that it is unknown: the table in README.md
//! is what `benches/duplicates.py` sees with the binary under test.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::harness::repository::{read, root};
use crate::harness::{Process, process, skip, tool};

/// It starts twenty-five programs, most of them interpreted.
const PATIENCE: Duration = Duration::from_secs(240);

const HEAD: &str = "| first provider |";
const SMSP: &str = "smsp";
const ONCE: &str = "200, 1 mail";
const UNKNOWN: &str = "504 `unknown`, 1 mail";
const TWICE: &str = "200, **2 mails**";

/// What smsp and every peer do with each fault of the first provider.
const EXPECTED: [(&str, &str, &str); 5] = [
    ("disconnects", UNKNOWN, TWICE),
    ("answers 500", UNKNOWN, TWICE),
    ("answers 429", ONCE, ONCE),
    ("answers 400, no body", ONCE, ONCE),
    ("is silent", UNKNOWN, TWICE),
];

/// Cells by row and column.
type Table = BTreeMap<(String, String), String>;

/// The table in this text whose head begins with [`HEAD`].
fn table(text: &str) -> Table {
    let mut rows = text.lines().skip_while(|line| !line.starts_with(HEAD)).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let columns = rows.next().map(cells).unwrap_or_default();
    let rows = rows.skip(1).map(cells);
    let of_row = |row: Vec<String>| {
        assert_eq!(row.len(), columns.len(), "{row:?}");
        let name = row[0].clone();
        let cells = columns.iter().zip(row).skip(1);
        cells.map(|(column, cell)| ((name.clone(), column.clone()), cell)).collect::<Vec<_>>()
    };
    rows.flat_map(of_row).collect()
}

/// What the program saw, and the contenders that are not installed.
struct Seen {
    table: Table,
    missing: BTreeSet<String>,
}

impl Seen {
    fn cell(&self, row: &str, column: &str) -> &str {
        let cell = self.table.get(&(row.to_owned(), column.to_owned()));
        cell.unwrap_or_else(|| panic!("no cell for {column}, {row}: {:#?}", self.table))
    }

    fn peers(&self) -> BTreeSet<&str> {
        self.table.keys().map(|(_, column)| column.as_str()).filter(|column| *column != SMSP).collect()
    }

    /// Where another table says something else, or lacks something.
    fn differences(&self, mut shown: Table) -> Vec<String> {
        shown.retain(|(_, column), _| !self.missing.contains(column));
        let places: BTreeSet<_> = shown.keys().chain(self.table.keys()).collect();
        let differs = places.into_iter().filter(|place| shown.get(place) != self.table.get(place));
        differs.map(|place| format!("{place:?}: {:?} != {:?}", shown.get(place), self.table.get(place))).collect()
    }
}

/// One run for all tests; none, and counted skips, where there is no Python.
async fn seen() -> Option<&'static Seen> {
    static SEEN: OnceCell<Option<Seen>> = OnceCell::const_new();
    SEEN.get_or_init(run).await.as_ref()
}

async fn run() -> Option<Seen> {
    if !tool::is_here("python3", "python3") {
        return None;
    }
    let mut command = Command::new("python3");
    // Compiled modules in benches/ would name folders of this machine.
    command.current_dir(root()).env("PYTHONDONTWRITEBYTECODE", "1");
    command.args(["benches/duplicates.py", "--binary", &process::binary()]);
    let output = Process::start(command).output(PATIENCE).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let skipped = output.stderr.lines().filter_map(|line| line.strip_prefix("SKIP: "));
    let missing = skipped.inspect(|reason| skip(reason)).filter_map(|reason| reason.split_once(" is not here"));
    Some(Seen { table: table(&output.stdout), missing: missing.map(|(name, _)| name.to_owned()).collect() })
}

#[tokio::test]
async fn smsp_makes_one_mail_whatever_the_first_provider_does() {
    let Some(seen) = seen().await else { return };
    for (fault, ours, _) in EXPECTED {
        assert_eq!(seen.cell(fault, SMSP), ours, "{fault}: {:#?}", seen.table);
    }
}

#[tokio::test]
async fn every_peer_makes_a_duplicate_where_smsp_answers_unknown() {
    let Some(seen) = seen().await else { return };
    for peer in seen.peers() {
        for (fault, _, theirs) in EXPECTED {
            assert_eq!(seen.cell(fault, peer), theirs, "{peer}, {fault}: {:#?}", seen.table);
        }
    }
}

#[tokio::test]
async fn the_readmes_table_of_duplicates_is_what_was_seen() {
    let Some(seen) = seen().await else { return };
    let shown = table(&read(&root().join("README.md")));
    assert!(!shown.is_empty(), "README.md has no table that begins with {HEAD}");
    let differences = seen.differences(shown);
    assert!(differences.is_empty(), "README.md != scripts/bench duplicates: {differences:#?}");
}

#[test]
fn changed_cell_row_and_column_of_the_table_of_duplicates_are_found() {
    let text = format!("{HEAD} smsp | other |\n|---|---|---|\n| is silent | {UNKNOWN} | {TWICE} |\n\n");
    let with =
        |missing: &[&str]| Seen { table: table(&text), missing: missing.iter().map(ToString::to_string).collect() };
    assert_eq!(with(&[]).differences(table(&text)), Vec::<String>::new());
    for changed in [text.replace(TWICE, ONCE), text.replace("is silent", "is slow"), text.replace("other", "another")] {
        assert_ne!(with(&[]).differences(table(&changed)), Vec::<String>::new(), "{changed}");
    }
    assert_eq!(with(&[]).differences(Table::new()).len(), 2);
    let more = text.replace("other |", "other | absent |").replace("---|\n", "---|---|\n");
    let more = more.replace(&format!("{TWICE} |"), &format!("{TWICE} | {TWICE} |"));
    assert_eq!(with(&[]).differences(table(&more)).len(), 1);
    assert_eq!(with(&["absent"]).differences(table(&more)), Vec::<String>::new());
}
