//! Other people's readers of mail: Python's `email`, and mailparser by Node.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::content::Content;
use crate::harness::{Process, skip, tool};

/// They are interpreted, and read thousands of mails.
const READING: Duration = Duration::from_secs(180);

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Those that are here, by name; what is not here is skipped, and counted.
pub(super) fn readers() -> Vec<(&'static str, Vec<PathBuf>)> {
    let mut readers = Vec::new();
    if tool::is_here("python3", "python3") {
        readers.push(("python3", vec![here("functional_tests/mail_round_trip/read.py")]));
    }
    // SES's stand-in reads mails with it.
    let library = here("target/check-tools/aws-ses-v2-local/node_modules/mailparser");
    if !library.is_dir() {
        skip("mailparser is not here: scripts/check installs it");
    } else if tool::is_here("node", "nodejs") {
        readers.push(("node", vec![here("functional_tests/mail_round_trip/read.js"), library]));
    }
    readers
}

/// What this reader finds in each mail of a folder, by the name of its file.
pub(super) async fn read(reader: &(&str, Vec<PathBuf>), folder: &Path) -> BTreeMap<String, Content> {
    let out = tempfile::NamedTempFile::new().expect("a file");
    let mut command = Command::new(reader.0);
    command.args(&reader.1).args([folder, out.path()]);
    let output = Process::start(command).output(READING).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let json = std::fs::read(out.path()).expect("what it found");
    serde_json::from_slice(&json).unwrap_or_else(|e| panic!("{}: {e}", reader.0))
}
