//! This test binary as a second process, which can be killed, traced and run by another account.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::*;

/// The directory of the store of the child; without it this is no child.
const DIRECTORY: &str = "SMSP_TEST_STORE_CHILD";
const TEST: &str = "state::store::sqlite::tests::child::writes_note_after_note";

/// A process that writes notes 1, 2, 3, ... and prints the number of each when it was answered; `before` comes before
/// its command line.
pub(super) fn writing(directory: &Path, before: &[&str]) -> Child {
    let binary = std::env::current_exe().unwrap();
    let command: Vec<_> = before.iter().map(Into::into).chain([binary.into_os_string()]).collect();
    Command::new(&command[0])
        .args(&command[1..])
        .args([TEST, "--exact", "--nocapture", "--ignored", "--test-threads=1"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A process that could be the parent's grandchild: a tracer that is killed leaves its child alone.
pub(super) fn kill(pid: &str) {
    let killed = Command::new("kill").args(["-9", pid.trim()]).status().unwrap();
    assert!(killed.success(), "{pid}");
}

#[tokio::test]
#[ignore = "is the child of other tests"]
async fn writes_note_after_note() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let store = match open(Path::new(&directory)) {
        Ok(store) => store,
        Err(error) => return println!("\nerror: {error}"),
    };
    println!("\nopen {}", std::process::id());
    for id in ids(&store).await.last().unwrap_or(&0) + 1.. {
        match store.write(insert(id)).await {
            Ok(()) => println!("note {id}"),
            Err(failed) => println!("failed {id} {failed:?} up={}", store.is_up()),
        }
    }
}
