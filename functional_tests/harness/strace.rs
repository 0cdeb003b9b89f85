//! strace: what a node asks of the kernel, in its order, and calls of it that fail.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::process::Process;
use super::skip::skip;
use super::tool::is_here;
use super::wait::{eventually, when};

/// What a process did, a line for each call of the kernel that has ended.
pub(crate) struct Trace {
    tracing: Process,
    log: PathBuf,
    _directory: TempDir,
}

impl Trace {
    /// Follows all threads of a running process with these options; none, and a counted skip, where that cannot be.
    pub(crate) async fn of(process: &Process, options: &[&str]) -> Option<Self> {
        if !is_here("strace", "strace") {
            return None;
        }
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let log = directory.path().join("log");
        let mut command = Command::new("strace");
        command.args(["-f", "-y", "-s", "64", "-o"]).arg(&log).args(options).args(["-p", &process.id().to_string()]);
        let mut tracing = Process::start(command);
        let attached = eventually("strace follows the node", async || {
            let evidence = tracing.evidence();
            if tracing.ended().is_some() {
                assert!(evidence.contains("ptrace("), "strace does not take these options: {evidence}");
                return Ok(false);
            }
            when(evidence.contains("attached"), || evidence).map(|()| true)
        })
        .await;
        if !attached {
            skip("strace may not follow another process here (ptrace)");
            return None;
        }
        Some(Self { tracing, log, _directory: directory })
    }

    /// What was seen so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        read(&self.log)
    }

    /// Lets the process go on alone.
    pub(crate) async fn ends(self) -> Vec<String> {
        self.tracing.signal("INT");
        self.tracing.output(super::wait::PATIENCE).await;
        read(&self.log)
    }
}

/// Calls that other threads have interrupted in the log are one line at their end; one whose end strace has not waited for is
/// none.
fn read(log: &Path) -> Vec<String> {
    let (mut begun, mut lines) = (std::collections::BTreeMap::new(), Vec::new());
    for line in fs::read_to_string(log).unwrap_or_default().lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        if let Some(start) = call.strip_suffix("<unfinished ...>") {
            begun.insert(thread.to_owned(), start.to_owned());
        } else if let Some((_, end)) = call.strip_prefix("<... ").and_then(|rest| rest.split_once("resumed>")) {
            lines.push(format!("{}{end}", begun.remove(thread).unwrap_or_default()));
        } else if !call.ends_with("<detached ...>") {
            lines.push(call.to_owned());
        }
    }
    lines
}
