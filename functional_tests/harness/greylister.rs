//! postgrey (Debian): a policy service for a Postfix, which puts off the first mail between two addresses.

use std::process::Command;

use tempfile::TempDir;

use super::process::Process;
use super::processes::is_root;
use super::repository::root;
use super::skip::skip;
use super::tool::{free_port, listening};

/// A running one.
pub(crate) struct Greylister {
    pub(crate) process: Process,
    port: String,
    _memory: TempDir,
}

impl Greylister {
    /// Which wants the second attempt a second after the first, or later. `None`, and a counted skip, where it is not here.
    pub(crate) async fn start() -> Option<Self> {
        let tools = root().join("target/check-tools");
        if !tools.join("bin/postgrey").is_file() {
            skip("postgrey is not here (Debian package postgrey)");
            return None;
        }
        if !is_root() {
            skip("not root: postgrey");
            return None;
        }
        let (memory, port) = (tempfile::tempdir().expect("a temporary directory can be made"), free_port());
        let mut command = Command::new("perl");
        command.arg("-T");
        for folder in libraries(&tools.join("postgrey/usr")) {
            command.arg("-I").arg(folder);
        }
        command.arg(tools.join("bin/postgrey"));
        command.args([&format!("--inet=127.0.0.1:{port}"), "--delay=1", "--user=root", "--group=root"]);
        command.args(["--whitelist-clients=/dev/null", "--whitelist-recipients=/dev/null"]);
        command.arg(format!("--dbdir={}", memory.path().display()));
        Some(Self { process: listening(command, &port).await, port, _memory: memory })
    }

    /// What makes a Postfix ask it about each recipient.
    pub(crate) fn settings(&self) -> String {
        format!("smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{}\n", self.port)
    }
}

/// Where its modules are: `share/perl5`, and for each kind of machine `lib/KIND/perl5/VERSION`.
fn libraries(usr: &std::path::Path) -> Vec<std::path::PathBuf> {
    let below = |folder: std::path::PathBuf| {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries.filter_map(|entry| Some(entry.ok()?.path())).collect::<Vec<_>>()
    };
    let kinds = below(usr.join("lib")).into_iter().map(|kind| kind.join("perl5"));
    kinds.flat_map(below).chain([usr.join("share/perl5")]).collect()
}
