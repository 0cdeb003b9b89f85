//! A real PostgreSQL 15 for tests, on a socket of its own and without privileges; it never outlives the test process.

#[path = "postmaster/archive.rs"]
mod archive;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::SimpleQueryMessage;

use super::processes::{children, give_away, signal, stop, unprivileged};
use super::skip::skip;

const BINARIES: &str = "/usr/lib/postgresql/15/bin";
const PATIENCE: Duration = Duration::from_secs(30);
/// One user needs a password.
const LOGIN: &str = "local all careful scram-sha-256\nlocal all all trust\n";
/// Waits for the end of the test process, however it ends; then ends what runs in its folder, and removes it.
const WATCHER: &str = r#"
trap '' INT TERM HUP
cat >/dev/null
for file in "$1"/*/server.pid; do [ -e "$file" ] && kill -QUIT "$(head -n 1 "$file")"; done
rm -rf "$1"
sleep 1
rm -rf "$1"
"#;

/// What all servers of this test process share: a folder, and a data folder to copy.
struct Run {
    folder: PathBuf,
    _watcher: Child,
}

static RUN: OnceLock<Option<Run>> = OnceLock::new();
static SHARED: OnceLock<Option<Postmaster>> = OnceLock::new();
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A running server.
pub(crate) struct Postmaster {
    folder: PathBuf,
    child: Mutex<Option<Child>>,
}

impl Postmaster {
    /// The one of all tests that do not hurt it; none if PostgreSQL is not here, which is counted.
    pub(crate) fn shared() -> Option<&'static Self> {
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// One of the test's own.
    pub(crate) fn start() -> Option<Self> {
        let run = RUN.get_or_init(Run::start).as_ref()?;
        let folder = run.new_folder();
        let copied = Command::new("cp").arg("-a").arg(run.folder.join("template")).arg(folder.join("data")).status();
        assert!(copied.is_ok_and(|status| status.success()), "no copy of the data folder");
        let server = Self { folder, child: Mutex::new(None) };
        server.run();
        Some(server)
    }

    /// Kills it and all that it has started, which would go on for a moment.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child().take() {
            stop(&[child.id()]);
            signal("-KILL", &[&children(child.id())[..], &[child.id()]].concat());
            child.wait().expect("it is reaped");
        }
    }

    /// Stops it and all that it has started: it keeps its connections, and says nothing.
    pub(crate) fn pause(&self) {
        if let Some(child) = self.child().as_ref() {
            // First the one that starts others.
            stop(&[child.id()]);
            stop(&children(child.id()));
        }
    }

    /// Goes on after [`Postmaster::pause`].
    pub(crate) fn resume(&self) {
        if let Some(child) = self.child().as_ref() {
            signal("-CONT", &[&children(child.id())[..], &[child.id()]].concat());
        }
    }

    /// Starts it again after [`Postmaster::kill`].
    pub(crate) fn restart(&self) {
        for left in ["data/postmaster.pid", ".s.PGSQL.5432", ".s.PGSQL.5432.lock"] {
            // The server may have come to remove it itself.
            let _ = fs::remove_file(self.folder.join(left));
        }
        self.run();
    }

    /// A copy of its cluster, as an administrator makes it of one that is stopped.
    pub(crate) fn copy_while_stopped(&self) {
        self.stop();
        self.copy("data", "copy");
        self.restart();
    }

    /// The copy takes the place of the cluster.
    pub(crate) fn put_copy_back(&self) {
        self.kill();
        fs::remove_dir_all(self.folder.join("data")).expect("the cluster can be removed");
        self.copy("copy", "data");
        self.restart();
    }

    /// Puts what is in one database into another one, which is empty.
    pub(crate) fn dump_and_restore(&self, from: &str, to: &str) {
        let file = self.folder.join("dump");
        let run = |program: &str, database: &str, options: &[&str]| {
            let mut command = unprivileged(&format!("{BINARIES}/{program}"));
            command.args(["-U", "smsp", "-h"]).arg(&self.folder).args(["-d", database]).args(options);
            let output = command.output().expect("it can be started");
            assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        };
        let file = file.to_str().expect("a path of ours");
        run("pg_dump", from, &["-Fc", "-f", file]);
        run("pg_restore", to, &[file]);
    }

    /// Orderly, with a checkpoint.
    fn stop(&self) {
        if let Some(mut child) = self.child().take() {
            signal("-INT", &[child.id()]);
            child.wait().expect("it is reaped");
        }
    }

    fn copy(&self, from: &str, to: &str) {
        let (from, to) = (self.folder.join(from), self.folder.join(to));
        let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
        assert!(copied.is_ok_and(|status| status.success()), "no copy of the cluster");
    }

    /// The folder of its socket.
    pub(crate) fn socket_folder(&self) -> &Path {
        &self.folder
    }

    /// A new and empty database: its name.
    pub(crate) async fn database(&self) -> String {
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("create database {name}")).await;
        name
    }

    /// Runs statements in a database; the values that they give, as text.
    pub(crate) async fn sql(&self, database: &str, sql: &str) -> Vec<String> {
        let (client, connection) =
            tokio_postgres::connect(&self.url(database), tokio_postgres::NoTls).await.expect("it takes connections");
        let connection = tokio::spawn(connection);
        let answer = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        drop(client);
        let _ = connection.await;
        let value = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        answer.iter().filter_map(value).collect()
    }

    /// The URL of a database, on its socket.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user=smsp", self.folder.display())
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a killed server leaves in memory, its last processes hold for a moment: until then the next one ends itself.
    fn run(&self) {
        let deadline = Instant::now() + PATIENCE;
        let mut child = self.spawn();
        while !self.is_ready() {
            assert!(Instant::now() < deadline, "PostgreSQL does not start: {}", self.log());
            if child.try_wait().expect("it can be asked").is_some() {
                child = self.spawn();
            }
            sleep(Duration::from_millis(20));
        }
        *self.child() = Some(child);
    }

    fn spawn(&self) -> Child {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.join("log"));
        let log = log.expect("a log can be opened");
        let pid_file = format!("external_pid_file={}", self.folder.join("server.pid").display());
        let settings = [
            "listen_addresses=",
            "shared_buffers=16MB",
            "max_connections=200",
            "log_statement=none",
            "fsync=off",
            &pid_file,
        ];
        let mut command = unprivileged(&format!("{BINARIES}/postgres"));
        command.arg("-D").arg(self.folder.join("data")).arg("-k").arg(&self.folder);
        command.args(settings.iter().flat_map(|setting| ["-c", setting]));
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a second one")).stderr(log);
        command.spawn().expect("PostgreSQL can be started")
    }

    /// The eighth line of its file says so.
    fn is_ready(&self) -> bool {
        let status = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap_or_default();
        status.lines().nth(7).is_some_and(|line| line.trim() == "ready")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Run {
    fn start() -> Option<Self> {
        if !Path::new(BINARIES).join("postgres").is_file() {
            skip(&format!("{BINARIES}/postgres is not here (Debian package postgresql-15)"));
            return None;
        }
        let folder = tempfile::Builder::new().prefix("smsp-postgres-").tempdir().expect("a temporary folder").keep();
        give_away(&folder);
        let mut watcher = Command::new("sh");
        watcher.args(["-c", WATCHER, "sh"]).arg(&folder).stdin(Stdio::piped());
        let watcher = watcher.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a shell can be started");
        let mut initdb = unprivileged(&format!("{BINARIES}/initdb"));
        initdb.arg("-D").arg(folder.join("template"));
        initdb.args(["-U", "smsp", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]);
        let made = initdb.output().expect("initdb can be started");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        fs::write(folder.join("template/pg_hba.conf"), LOGIN).expect("a file can be written");
        Some(Self { folder, _watcher: watcher })
    }

    fn new_folder(&self) -> PathBuf {
        let folder = self.folder.join(NUMBER.fetch_add(1, Ordering::Relaxed).to_string());
        fs::create_dir(&folder).expect("a folder can be made");
        give_away(&folder);
        folder
    }
}

/// A folder for another unprivileged program; it is removed with the run, and the program ends whose `server.pid` is in it.
pub(super) fn new_folder() -> PathBuf {
    RUN.get().and_then(Option::as_ref).expect("PostgreSQL runs").new_folder()
}
