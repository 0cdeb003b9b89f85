//! A reader's terminals: what a document tells to type is typed, in order, on a network of its own.
//!
//! Blocks `sh` are typed into one shell, so what one defines the next can use. A block `sh server` is typed into another
//! terminal, where it goes on; it is stopped with Ctrl-C when the next one begins, and at the end. A network namespace has
//! every port of the document free, and no way out.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use tempfile::TempDir;

use super::markdown::Document;
use crate::harness::process::binary;
use crate::harness::repository::root;
use crate::harness::skip::skip;

/// Longer than a reader waits: the slowest document watches a circuit recover.
const PATIENCE: Duration = Duration::from_secs(150);

/// What was printed by each block of commands; nothing by the others.
pub(super) type Printed = Vec<Option<String>>;

/// Types the blocks of a document. Nothing, and a skip, where this machine has no network namespaces.
pub(super) fn follow(document: &Document) -> Option<Printed> {
    let namespace = ["unshare", "--map-root-user", "--net"];
    let loopback = ["ip", "link", "set", "lo", "up"];
    if !Command::new(namespace[0]).args(&namespace[1..]).args(loopback).output().is_ok_and(|o| o.status.success()) {
        skip("no network namespaces here (unshare, ip): the commands of the documents are not run");
        return None;
    }
    let clone = Clone::new();
    let mut script = String::from(PROLOGUE);
    for (index, block) in document.blocks.iter().enumerate() {
        clone.write(&format!("blocks/{index}"), &block.text);
        match block.info.as_str() {
            "sh" => script.push_str(&format!("type_in {index}\n")),
            "sh server" => script.push_str(&format!("type_in_another {index}\n")),
            _ => {}
        }
    }
    script.push_str("end_server\n");
    clone.write("script", &script);
    let seconds = PATIENCE.as_secs().to_string();
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", &seconds]).args(namespace).args(["bash", "script"]);
    command.current_dir(clone.folder.path()).env_clear().envs(clone.environment());
    let output = command.output().expect("timeout starts");
    let printed = |index: usize| std::fs::read_to_string(clone.path(&format!("printed/{index}"))).ok();
    let printed: Printed = (0..document.blocks.len()).map(printed).collect();
    assert!(output.status.success(), "{}", evidence(document, &printed, &output));
    Some(printed)
}

/// The shell of the reader, and what starts another terminal.
const PROLOGUE: &str = r#"
set -uE
exec 3>&2
ip link set lo up
mkdir -p printed
server=
end_server() { # as Ctrl-C does
  [[ -z $server ]] || { kill -INT -- "-$server"; wait "$server"; }
  server=
}
type_in() { # a reader stops at the first command that fails
  trap 'echo "block '"$1"' failed with $?: $BASH_COMMAND" >&3; exit 1' ERR
  source "blocks/$1" >"printed/$1" 2>&1
  trap - ERR
}
type_in_another() {
  end_server
  setsid bash -e "blocks/$1" >"printed/$1" 2>&1 &
  server=$!
  until curl -fs -o printed/health http://localhost:8080/healthcheck; do
    kill -0 "$server" || { echo "block $1 has ended" >&2; exit 1; }
  done
}
trap 'kill $(jobs -p) 2>printed/kill' EXIT
"#;

fn evidence(document: &Document, printed: &Printed, output: &Output) -> String {
    let blocks = printed.iter().zip(&document.blocks).map(|(printed, block)| {
        printed.as_ref().map_or_else(String::new, |printed| format!("--- typed\n{}--- printed\n{printed}", block.text))
    });
    let stderr = String::from_utf8_lossy(&output.stderr);
    format!("{}: {}: {stderr}\n{}", document.path.display(), output.status, blocks.collect::<String>())
}

/// What a clone of this repository has for its reader, with the binary that is tested as what `cargo build` makes.
struct Clone {
    folder: TempDir,
}

impl Clone {
    fn new() -> Self {
        let clone = Self { folder: TempDir::new().expect("a temporary folder") };
        for folder in ["scripts", "blocks", "bin"] {
            std::fs::create_dir(clone.path(folder)).expect("a folder");
        }
        let script = root().join("scripts/run-local");
        std::fs::copy(&script, clone.path("scripts/run-local")).expect("a copy");
        std::os::unix::fs::symlink(root().join("openapi"), clone.path("openapi")).expect("a link");
        let target = Path::new(&binary()).ancestors().nth(2).expect("target/debug/smsp").to_owned();
        std::os::unix::fs::symlink(target, clone.path("target")).expect("a link");
        // The tests have built it already, and must not have it replaced while others run it.
        clone.write("bin/cargo", "#!/bin/sh\n[ \"$*\" = \"build --locked\" ]\n");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(clone.path("bin/cargo"), executable).expect("a mode");
        clone
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file can be written");
    }

    fn environment(&self) -> [(&'static str, String); 1] {
        let path = std::env::var("PATH").expect("a path");
        [("PATH", format!("{}:{path}", self.path("bin").display()))]
    }
}
