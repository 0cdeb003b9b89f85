//! PgBouncer in transaction mode before a test's PostgreSQL: two transactions of one client share nothing there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tokio::time::Instant;

use super::postmaster::{Postmaster, new_folder};
use super::processes::unprivileged;
use super::skip::skip;

const BINARY: &str = "/usr/sbin/pgbouncer";
const PATIENCE: Duration = Duration::from_secs(20);

/// A running PgBouncer.
pub(crate) struct Bouncer {
    folder: PathBuf,
    child: Child,
}

impl Bouncer {
    /// In front of this server, with two connections to it; none if it is not here, which is counted.
    pub(crate) fn before(server: &Postmaster) -> Option<Self> {
        if !Path::new(BINARY).is_file() {
            skip(&format!("{BINARY} is not here (Debian package pgbouncer)"));
            return None;
        }
        let folder = new_folder();
        let (own, servers) = (folder.display(), server.socket_folder().display());
        let config = format!(
            "[databases]\n* = host={servers} user=smsp\n\
             [pgbouncer]\npool_mode = transaction\ndefault_pool_size = 2\nauth_type = any\nlisten_port = 6432\n\
             unix_socket_dir = {own}\npidfile = {own}/server.pid\nlogfile = {own}/log\n"
        );
        fs::write(folder.join("ini"), config).expect("a file can be written");
        let mut command = unprivileged(BINARY);
        command.arg("-q").arg(folder.join("ini")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let bouncer = Self { child: command.spawn().expect("PgBouncer can be started"), folder };
        bouncer.wait();
        Some(bouncer)
    }

    /// The URL of a database behind it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&port=6432&user=smsp", self.folder.display())
    }

    fn wait(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !self.folder.join(".s.PGSQL.6432").exists() {
            let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "PgBouncer does not start: {}", log());
            sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
