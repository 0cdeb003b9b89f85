//! A server that goes back to a point in time, by a base backup and the log that it has archived (PostgreSQL 15, 26.3), and
//! one that goes on with a new timeline.

use std::fs;
use std::io::Write;

use tokio::time::Instant;

use super::{BINARIES, PATIENCE, Postmaster, give_away, unprivileged};

/// Where its settings are, in its folder.
const SETTINGS: &str = "data/postgresql.conf";

impl Postmaster {
    /// Archives its log from now on, has a base backup, and names this moment `point`.
    pub(crate) async fn archive(&self, point: &str) {
        let archive = self.folder.join("archive");
        fs::create_dir(&archive).expect("a folder can be made");
        give_away(&archive);
        self.stop();
        let archiving = format!("archive_mode = on\narchive_command = 'cp %p {}/%f'\n", archive.display());
        self.append(SETTINGS, &archiving);
        self.append("data/pg_hba.conf", "local replication all trust\n");
        self.restart();
        let mut backup = unprivileged(&format!("{BINARIES}/pg_basebackup"));
        backup
            .arg("-h")
            .arg(&self.folder)
            .args(["-U", "smsp", "--checkpoint=fast", "-D"])
            .arg(self.folder.join("base"));
        let output = backup.output().expect("it can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.sql("postgres", &format!("select pg_create_restore_point('{point}')")).await;
    }

    /// The base backup takes the place of the cluster, and the archived log is played up to `point`.
    pub(crate) async fn restore_to(&self, point: &str) {
        // It archives what is left of its log.
        self.stop();
        fs::remove_dir_all(self.folder.join("data")).expect("the cluster can be removed");
        self.copy("base", "data");
        let archive = self.folder.join("archive");
        let until = format!("recovery_target_name = '{point}'\nrecovery_target_action = promote\n");
        self.recover(&format!("restore_command = 'cp {}/%f %p'\n{until}", archive.display())).await;
    }

    /// As a replica that takes over: the same data on a new timeline.
    pub(crate) async fn begin_timeline(&self) {
        self.stop();
        self.recover("restore_command = '/bin/false'\n").await;
    }

    /// Starts it with these settings of a recovery, and waits for its end.
    async fn recover(&self, settings: &str) {
        let signal = self.folder.join("data/recovery.signal");
        fs::write(&signal, "").expect("a file can be made");
        give_away(&signal);
        self.append(SETTINGS, settings);
        self.restart();
        let deadline = Instant::now() + PATIENCE;
        while self.sql("postgres", "select pg_is_in_recovery()").await != ["f"] {
            assert!(Instant::now() < deadline, "no end of recovery: {}", self.log());
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    fn append(&self, file: &str, lines: &str) {
        let file = fs::OpenOptions::new().append(true).open(self.folder.join(file));
        file.expect("a file of the server").write_all(lines.as_bytes()).expect("a setting is written");
    }
}
