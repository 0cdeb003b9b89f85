//! P-dkim: keys that `smsp dkim new` makes sign what other people's programs verify, and `smsp check-config --connect` tells what
//! the DNS lacks.

mod command;
mod connect;
mod mails;
mod reload;
mod verified;

use std::path::Path;

use crate::harness::{Settings, run};

/// Settings with this directory of keys and this node's own name.
fn settings(directory: &Path) -> Settings {
    Settings::mock().with("SMSP_DKIM_DIR", &directory.display().to_string()).with("SMSP_MX_HELO", "mail.example.org")
}

/// Makes keys; what was printed.
async fn new_keys(directory: &Path, domain: &str) -> String {
    let output = run(&["dkim", "new", domain], &settings(directory)).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    output.stdout
}

/// Name and text of each TXT record that was printed, in one piece.
fn printed(output: &str) -> Vec<(String, String)> {
    let record = |line: &str| {
        let (name, text) = line.split_once(". TXT ")?;
        Some((name.to_owned(), text.trim_matches('"').replace("\" \"", "")))
    };
    output.lines().filter_map(record).collect()
}
