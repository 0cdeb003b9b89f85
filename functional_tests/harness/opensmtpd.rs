//! `OpenSMTPD` (Debian), unpacked and not installed: what it has at fixed places it finds in mounts of its own. It takes root.
//!
//! It takes mail for `receiver@example.net` alone.

use std::fs;
use std::os::unix::fs::chown;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::process::Process;
use super::processes::is_root;
use super::repository::root;
use super::skip::skip;
use super::tool::{free_port, listening};
use super::wait::{eventually, when};

/// Users and groups that its package would make, and one who gets mail: their numbers.
const USERS: [(&str, u32); 3] = [("opensmtpd", 64_901), ("opensmtpq", 64_902), ("receiver", RECEIVER)];
const RECEIVER: u32 = 64_903;
/// Its folders are `$1`, its package is unpacked in `$2`.
const START: &str = r#"
set -e
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/group" /etc/group
mount --bind "$1/spool" /var/spool
mount --bind "$1/lib" /var/lib
mount --bind "$1/run" /run
mount --bind "$2/usr/libexec" /usr/libexec
exec "$2/usr/sbin/smtpd" -d -f "$1/smtpd.conf"
"#;

/// A running one.
pub(crate) struct OpenSmtpd {
    pub(crate) process: Process,
    dir: TempDir,
    pub(crate) port: String,
}

impl OpenSmtpd {
    /// `None`, and a counted skip, where it is not here or may not be started.
    pub(crate) async fn start() -> Option<Self> {
        let package = root().join("target/check-tools/opensmtpd");
        if !package.join("usr/sbin/smtpd").is_file() {
            skip("smtpd is not here (Debian package opensmtpd)");
            return None;
        }
        let namespaces = Command::new("unshare").args(["--mount", "true"]).output();
        if !is_root() || !namespaces.is_ok_and(|output| output.status.success()) {
            skip("not root, or no mount namespace: OpenSMTPD");
            return None;
        }
        let (dir, port) = (tempfile::tempdir().expect("a temporary directory can be made"), free_port());
        prepare(dir.path(), &port);
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", START, "sh"]).arg(dir.path()).arg(package);
        Some(Self { process: listening(command, &port).await, dir, port })
    }

    /// Waits until it keeps so many mails: their files.
    pub(crate) async fn keeps(&self, mails: usize) -> Vec<String> {
        eventually(&format!("OpenSMTPD keeps {mails} mails"), async || {
            let files = self.files();
            when(files.len() == mails, || format!("{files:#?}\n{}", self.process.evidence())).map(|()| files)
        })
        .await
    }

    fn files(&self) -> Vec<String> {
        let Ok(files) = fs::read_dir(self.dir.path().join("mail/maildir/new")) else { return Vec::new() };
        let paths = files.filter_map(|file| Some(file.ok()?.path()));
        paths.collect::<Vec<PathBuf>>().iter().filter_map(|path| fs::read_to_string(path).ok()).collect()
    }
}

fn prepare(dir: &std::path::Path, port: &str) {
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o711);
    fs::set_permissions(dir, everybody).expect("our own directory");
    for folder in ["spool/smtpd", "lib/opensmtpd/empty", "run", "mail"] {
        let folder = dir.join(folder);
        fs::create_dir_all(&folder).expect("a folder can be made");
        fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o711)).expect("our own folder");
    }
    chown(dir.join("mail"), Some(RECEIVER), Some(RECEIVER)).expect("root may give it away");
    let home = dir.join("mail").display().to_string();
    let users: String = USERS.iter().map(|(name, id)| format!("{name}:x:{id}:{id}::{home}:/bin/sh\n")).collect();
    let groups: String = USERS.iter().map(|(name, id)| format!("{name}:x:{id}:\n")).collect();
    let settings = format!(
        "listen on 127.0.0.1 port {port} hostname mx.example.net\naction \"in\" maildir \"{home}/maildir\"\n\
         match from any for domain \"example.net\" action \"in\"\n"
    );
    for (name, text) in [("smtpd.conf", settings), ("passwd", users), ("group", groups)] {
        let system = fs::read_to_string(format!("/etc/{name}")).unwrap_or_default();
        fs::write(dir.join(name), if name == "smtpd.conf" { text } else { system + &text }).expect("it can be written");
    }
}
