//! The store of a node: opened at the start, its own, and told of in clear words where it cannot be.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::harness::outbox::{STORE_KEY, queued, time_after};
use crate::harness::process::Output;
use crate::harness::tool::is_here;
use crate::harness::wait::{PATIENCE, when};
use crate::harness::{Process, Proxy, Settings, eventually, mails, run};

fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory can be made")
}

fn settings(directory: &Path) -> Settings {
    let store = format!("sqlite:{}", directory.display());
    Settings::mock().with("SMSP_STORE", &store).with("SMSP_STORE_KEY", STORE_KEY)
}

#[tokio::test]
async fn a_node_with_a_store_serves_and_says_that_it_is_up() {
    let directory = directory();
    let proxy = Proxy::start(settings(directory.path())).await;
    proxy.client.send(&mails::plain()).await.expect(200);
    let metrics = proxy.client.metrics().await;
    assert!((metrics.gauge("smsp_store_up", &[("database", "sqlite")]) - 1.0).abs() < f64::EPSILON, "{}", metrics.page);
    let without = Proxy::start(Settings::mock()).await.client.metrics().await;
    assert!(!without.has("smsp_store_up", &[("database", "sqlite")]), "{}", without.page);
}

#[tokio::test]
async fn a_second_node_on_one_directory_ends_with_the_reason() {
    let directory = directory();
    let first = Proxy::start(settings(directory.path())).await;
    let second = run(&["serve"], &settings(directory.path())).await;
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.stderr.contains("is in use by another process"), "{second:?}");
    first.client.send(&mails::plain()).await.expect(200);
}

#[tokio::test]
async fn a_start_with_another_key_ends_with_its_name_and_no_digit_of_it() {
    let directory = directory();
    drop(Proxy::start(settings(directory.path())).await);
    let wrong = settings(directory.path()).with("SMSP_STORE_KEY", &STORE_KEY.replace("4242", "4343"));
    let output = run(&["serve"], &wrong).await;
    assert_eq!(output.code, Some(64), "{output:?}");
    assert!(output.stderr.contains("SMSP_STORE_KEY: the key `2026a` is not the one"), "{output:?}");
    assert!(!output.stderr.contains("4343") && !output.stdout.contains("4343"), "{output:?}");
}

#[tokio::test]
async fn check_config_shows_where_the_store_is_and_the_names_of_its_keys() {
    let directory = directory();
    let output = run(&["check-config"], &settings(directory.path())).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let lines: Vec<_> = output.stdout.lines().filter(|line| line.starts_with("SMSP_STORE")).collect();
    let expected = [
        "SMSP_STORE_CA_FILE=".into(),
        format!("SMSP_STORE=sqlite:{}", directory.path().display()),
        "SMSP_STORE_KEY=2026a:<redacted>".into(),
    ];
    assert_eq!(lines, expected);
    assert_eq!(std::fs::read_dir(directory.path()).expect("a directory").count(), 0, "it opens nothing");
}

#[tokio::test]
async fn migrate_makes_the_tables_while_no_node_has_them() {
    let directory = directory();
    for (of_outbox, step) in
        [("schema 0 -> 2", "schema 0 -> 1"), ("schema 2, nothing to do", "schema 1, nothing to do")]
    {
        let others = ["answers", "audit", "overrides"].map(|module| format!("\n{module}: {step}")).concat();
        let expected = format!("outbox: {of_outbox}{others}");
        let output = run(&["migrate"], &settings(directory.path())).await;
        assert_eq!((output.code, output.stdout.trim()), (Some(0), expected.as_str()), "{output:?}");
    }
    let _node = Proxy::start(settings(directory.path())).await;
    let output = run(&["migrate"], &settings(directory.path())).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("is in use by another process"), "{output:?}");
}

#[tokio::test]
async fn wrong_settings_of_the_store_are_named() {
    let stored = || settings(Path::new("/var/lib/smsp"));
    for (settings, named) in [
        (stored().with("SMSP_STORE", "sqlite:var"), "SMSP_STORE: must be sqlite: and the absolute path of a directory"),
        (stored().without("SMSP_STORE_KEY"), "SMSP_STORE_KEY: is required with SMSP_STORE"),
        (stored().with("SMSP_STORE_KEY", "canary"), "SMSP_STORE_KEY: must be a name, a colon and 64 hex digits"),
        (
            stored().with("SMSP_STORE_KEY", &format!("{},{STORE_KEY}", STORE_KEY.replace("2026a", "2026b"))),
            "SMSP_STORE_KEY: has one key under two names, `2026b` and `2026a`",
        ),
        (stored().with("SMSP_STORE_KEY_FILE", "/none"), "SMSP_STORE_KEY_FILE: is set beside SMSP_STORE_KEY"),
    ] {
        let output = run(&["check-config"], &settings).await;
        assert_eq!(output.code, Some(64), "{output:?}");
        assert!(output.stderr.contains(named), "{named}: {output:?}");
        assert!(!output.stderr.contains("canary"), "{output:?}");
    }
    let unused = run(&["check-config"], &stored().without("SMSP_STORE")).await;
    assert!(unused.stderr.contains("warning: SMSP_STORE_KEY: is not used"), "{unused:?}");
}

/// The settings of a node with an outbox, which has left a mail in it for later.
async fn with_waiting_mail(directory: &Path) -> Settings {
    let settings = settings(directory).with("SMSP_OUTBOX", "on").with("SMSP_OUTBOX_MIN_FREE", "0%");
    let node = Proxy::start(settings.clone()).await;
    let mut mail = mails::plain();
    mail["send_at"] = time_after(Duration::from_secs(3600)).into();
    queued(&node.client, &mail).await;
    settings
}

#[tokio::test]
async fn a_store_that_is_no_older_copy_is_accepted_as_one_by_force_alone() {
    let directory = directory();
    let settings = with_waiting_mail(directory.path()).await;
    let refused = run(&["store", "accept-restore"], &settings).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("is no older copy of itself, so nothing was parked"), "{refused:?}");
    let status = run(&["store", "status"], &settings).await;
    assert!(status.code == Some(0) && status.stdout.contains("queued: 1"), "{status:?}");
    let forced = run(&["store", "accept-restore", "--force"], &settings).await;
    assert!(forced.code == Some(0) && forced.stdout.contains("parked: 1"), "{forced:?}");
}

#[tokio::test]
async fn a_node_whose_outbox_is_off_says_that_mail_waits_in_it() {
    let directory = directory();
    let on = with_waiting_mail(directory.path()).await;
    let off = on.with("SMSP_OUTBOX", "off");
    let status = run(&["store", "status"], &off).await;
    assert!(status.stdout.contains("outbox: off") && status.stdout.contains("queued: 1"), "{status:?}");
    let node = Proxy::start(off).await;
    eventually("the log says so", async || {
        let log = node.process.evidence();
        let line = "mail waits in the outbox, which is off at this node";
        when(log.contains(line), || log)
    })
    .await;
}

/// A start that ends with this code and reason, and says nothing else than that.
#[track_caller]
fn refused(output: &Output, code: i32, reason: &str) {
    assert_eq!(output.code, Some(code), "{output:?}");
    assert!(output.stderr.contains("cannot open the store") && output.stderr.contains(reason), "{reason}: {output:?}");
    assert!(!output.stdout.contains("listening") && !output.stderr.contains("4242"), "{output:?}");
}

#[tokio::test]
async fn a_start_without_a_directory_that_it_can_use_ends_with_its_name() {
    let directory = directory();
    let missing = directory.path().join("missing");
    let reason = format!("SMSP_STORE: {} cannot be used: No such file or directory", missing.display());
    refused(&run(&["serve"], &settings(&missing)).await, 64, &reason);
    std::fs::write(directory.path().join("smsp.db"), "no database, but a text that is as long as its head".repeat(9))
        .expect("a file can be written");
    let reason = format!("the database in {} is damaged: restore a backup", directory.path().display());
    refused(&run(&["serve"], &settings(directory.path())).await, 1, &reason);
}

/// Overwrites the first page of this table.
fn damage(directory: &Path, table: &str) {
    let path = directory.join("smsp.db");
    let database = rusqlite::Connection::open(&path).expect("the database");
    let sql = "select (rootpage - 1) * page_size from pragma_page_size, sqlite_schema where name = ?1
        union all select 0 limit 1";
    let at: i64 = database.query_row(sql, [table], |row| row.get(0)).expect("a place in the file");
    drop(database);
    let file = std::fs::OpenOptions::new().write(true).open(&path).expect("the file of the database");
    std::os::unix::fs::FileExt::write_all_at(&file, &[0xaa; 4096], at.unsigned_abs()).expect("it can be written");
}

#[tokio::test]
async fn a_damaged_database_is_called_so_by_a_start_and_by_each_command_that_reads_it() {
    let commands = [&["serve"][..], &["store", "status"], &["store", "accept-restore", "--force"], &["migrate"]];
    // The head of the file, what is read when it is opened, what the outbox reads then, and what only `migrate` reads.
    for (table, commands) in
        [("", &commands[..]), ("schema", &commands), ("control", &commands[..3]), ("tally", &commands[1..])]
    {
        let directory = directory();
        assert_eq!(run(&["migrate"], &settings(directory.path())).await.code, Some(0));
        damage(directory.path(), table);
        for command in commands {
            let output = run(command, &settings(directory.path()).with("SMSP_OUTBOX", "on")).await;
            let reason = format!("the database in {} is damaged: restore a backup", directory.path().display());
            assert_eq!(output.code, Some(1), "{table:?}: {output:?}");
            assert!(output.stderr.contains(&reason), "{table:?}: {output:?}");
        }
    }
}

#[tokio::test]
async fn a_start_on_a_store_of_a_newer_version_ends_with_both_numbers() {
    let directory = directory();
    drop(Proxy::start(settings(directory.path())).await);
    let database = rusqlite::Connection::open(directory.path().join("smsp.db")).expect("the database");
    database.execute("update schema set version = 99, works_with = 98", []).expect("it can be written");
    drop(database);
    let output = run(&["serve"], &settings(directory.path())).await;
    refused(&output, 64, "the store was written by a newer version of smsp (schema 98 of ");
}

/// Makes the kernel say so of this path to a start on this directory.
async fn start_where(directory: &Path, path: &Path, inject: &str) -> Option<Output> {
    if !is_here("strace", "strace") {
        return None;
    }
    let (path, inject) = (path.display().to_string(), format!("inject={inject}"));
    let call = inject.split([':', '=']).nth(1).unwrap_or_default().to_owned();
    let trace = format!("trace={call}");
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", &path, "-e", &trace, "-e", &inject];
    Some(Process::smsp_behind(&strace, &["serve"], &settings(directory)).output(PATIENCE).await)
}

#[tokio::test]
async fn a_start_on_a_disk_that_is_read_only_ends_with_the_reason() {
    let directory = directory();
    let Some(output) = start_where(directory.path(), &directory.path().join("smsp.lock"), "openat:error=EROFS").await
    else {
        return;
    };
    refused(&output, 64, &format!("SMSP_STORE: {} cannot be used: Read-only file system", directory.path().display()));
}

#[tokio::test]
async fn a_start_on_a_network_file_system_ends_with_its_name() {
    let directory = directory();
    let nfs = "statfs:retval=0:poke_exit=@arg2=6969000000000000";
    let Some(output) = start_where(directory.path(), directory.path(), nfs).await else { return };
    refused(&output, 64, &format!("SMSP_STORE: {} is on a network file system (NFS)", directory.path().display()));
    assert_eq!(std::fs::read_dir(directory.path()).expect("a directory").count(), 0, "nothing was written there");
}

#[tokio::test]
async fn an_outbox_without_a_store_is_a_fault_of_the_configuration() {
    for command in ["check-config", "serve"] {
        let output = run(&[command], &Settings::mock().with("SMSP_OUTBOX", "on")).await;
        assert_eq!(output.code, Some(64), "{output:?}");
        assert!(output.stderr.contains("SMSP_OUTBOX: needs a store: set SMSP_STORE and SMSP_STORE_KEY"), "{output:?}");
    }
}
