//! A Postfix of the test's own: queue, mail and settings in one folder, at a port of its own. It takes root.
//!
//! It takes mail for `receiver@example.net`, and for `r` with a number there, of 20,000 octets at most, and relays for nobody.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::process::Process;
use super::processes::is_root;
use super::skip::skip;
use super::tool::{free_port, is_here, listening};
use super::wait::{eventually, when};

const MASTER: &str = include_str!("postfix/master.cf");
const MAIN: &str = include_str!("postfix/main.cf");

/// A running one.
pub(crate) struct Postfix {
    _process: Process,
    dir: TempDir,
    pub(crate) port: String,
}

impl Postfix {
    /// With more settings, in which `{dir}` is its folder of settings, and files there; `None`, and a counted skip, where it is not
    /// here or may not be started.
    pub(crate) async fn start(settings: &str, files: &[(&str, &str)]) -> Option<Self> {
        if !is_here("postfix", "postfix") {
            return None;
        }
        if !is_root() {
            skip("not root: Postfix");
            return None;
        }
        let (dir, port) = (tempfile::tempdir().expect("a temporary directory can be made"), free_port());
        let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(dir.path(), everybody).expect("our own directory");
        for (folder, owner) in [("etc", "root"), ("queue", "root"), ("data", "postfix"), ("mail", "nobody")] {
            std::fs::create_dir(dir.path().join(folder)).expect("a folder can be made");
            run("chown", &[owner, &dir.path().join(folder).display().to_string()]);
        }
        let write = |name: &str, text: &str| {
            let text = text.replace("{dir}", &dir.path().display().to_string()).replace("{port}", &port);
            std::fs::write(dir.path().join("etc").join(name), text).expect("a file can be written");
        };
        write("main.cf", &format!("{MAIN}{settings}"));
        write("master.cf", MASTER);
        files.iter().for_each(|(name, text)| write(name, text));
        let mut command = Command::new("/usr/sbin/postfix");
        command.args(["-c", &etc(dir.path()), "start-fg"]);
        let process = listening(command, &port).await;
        Some(Self { _process: process, dir, port })
    }

    /// Waits until it keeps so many mails: their files.
    pub(crate) async fn keeps(&self, mails: usize) -> Vec<String> {
        eventually(&format!("Postfix keeps {mails} mails"), async || {
            let files = self.files();
            when(files.len() == mails, || format!("{files:#?}\n{}", self.log())).map(|()| files)
        })
        .await
    }

    /// What it has written about its work.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    fn files(&self) -> Vec<String> {
        let Ok(files) = std::fs::read_dir(self.dir.path().join("mail/receiver/new")) else { return Vec::new() };
        files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok()).collect()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // Its children end with their master; whether the order could be given, the killed process shows.
        let _ = Command::new("/usr/sbin/postfix").args(["-c", &etc(self.dir.path()), "abort"]).output();
        if std::thread::panicking() {
            eprintln!("--- Postfix\n{}---", self.log());
        }
    }
}

fn etc(dir: &Path) -> String {
    dir.join("etc").display().to_string()
}

fn run(program: &str, args: &[&str]) {
    let status = Command::new(program).args(args).status().unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(status.success(), "{program} {args:?}: {status}");
}
