//! `smsp store status` looks and changes nothing, whether a node has the store or not; no command for a store makes one.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::harness::database::{Database, on_both_stores};
use crate::harness::outbox::{Store, queued, time_after};
use crate::harness::wait::PATIENCE;
use crate::harness::{Proxy, Settings, mails, run};

fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory can be made")
}

fn settings(directory: &Path) -> Settings {
    Store::sqlite(directory).under(Settings::mock())
}

fn database(directory: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(directory.join("smsp.db")).expect("the database")
}

#[tokio::test]
async fn the_status_of_a_store_is_told_while_its_node_runs_and_after_that_and_nothing_is_written() {
    let directory = directory();
    let settings = settings(directory.path());
    let node = Proxy::start(settings.clone()).await;
    let mut mail = mails::plain();
    mail["send_at"] = time_after(Duration::from_secs(3600)).into();
    queued(&node.client, &mail).await;
    let running = run(&["store", "status"], &settings).await;
    assert!(running.code == Some(0) && running.stdout.contains("queued: 1"), "{running:?}");
    queued(&node.client, &mail).await;
    node.terminate();
    assert_eq!(node.exit(PATIENCE).await.code, Some(0));
    let files = || ["smsp.db", "smsp.lock"].map(|name| std::fs::read(directory.path().join(name)).expect("a file"));
    let before = files();
    let stopped = run(&["store", "status"], &settings).await;
    assert!(stopped.code == Some(0) && stopped.stdout.contains("queued: 2"), "{stopped:?}");
    assert!(stopped.stdout.contains("went back: no") && stopped.stderr.is_empty(), "{stopped:?}");
    assert!(files() == before, "the store was changed");
}

#[tokio::test]
async fn commands_for_a_store_without_tables_or_of_a_newer_version_say_so_and_change_nothing() {
    let directory = directory();
    database(directory.path()).execute_batch("pragma journal_mode = wal; create table other (id)").expect("a table");
    let tables = |expected: &str| {
        let select = "select group_concat(name, ' ') from (select name from sqlite_schema order by 1)";
        let tables: String = database(directory.path()).query_row(select, [], |row| row.get(0)).expect("the tables");
        assert_eq!(tables, expected);
    };
    let commands = [&["status"][..], &["accept-restore"], &["accept-restore", "--force"]];
    for command in commands {
        let output = run(&[&["store"], command].concat(), &settings(directory.path())).await;
        assert!(output.code == Some(1) && output.stderr.starts_with("there is no store in "), "{output:?}");
        tables("other");
    }
    database(directory.path())
        .execute_batch(
            "create table schema (module text not null primary key, version integer not null,
                works_with integer not null) strict, without rowid;
             insert into schema values ('outbox', 99, 98)",
        )
        .expect("a table");
    let newer = run(&["store", "status"], &settings(directory.path())).await;
    assert!(newer.code == Some(64) && newer.stderr.contains("a newer version of smsp (schema 98 of "), "{newer:?}");
}

#[tokio::test]
async fn what_the_store_warns_of_is_on_stderr_of_a_command_beside_its_answer() {
    let away = Store::at("postgres://smsp:canary@127.0.0.1:1/smsp?sslmode=disable").under(Settings::mock());
    for command in [&["migrate"][..], &["store", "status"], &["store", "accept-restore"]] {
        let output = run(command, &away).await;
        assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{output:?}");
        let warning = output.stderr.lines().find(|line| line.contains("WARN"));
        assert!(warning.is_some_and(|line| line.contains("no connection to the store")), "{output:?}");
        assert!(
            output.stderr.contains("the store cannot be reached") && !output.stderr.contains("canary"),
            "{output:?}"
        );
    }
}

#[tokio::test]
async fn commands_for_a_store_make_none() {
    let directory = directory();
    for command in ["status", "accept-restore"] {
        let output = run(&["store", command], &settings(directory.path())).await;
        assert_eq!(output.code, Some(1), "{output:?}");
        assert!(output.stderr.contains("there is no store in "), "{output:?}");
    }
    assert_eq!(std::fs::read_dir(directory.path()).expect("a directory").count(), 0, "a file was made");
}

#[tokio::test]
async fn a_database_on_a_server_is_looked_at_too_and_no_table_is_made_in_it() {
    let Some(database) = Database::postgres().await else { return };
    let settings = database.under(Settings::mock());
    for command in [&["store", "status"][..], &["store", "accept-restore"], &["store", "accept-restore", "--force"]] {
        let output = run(command, &settings).await;
        assert!(output.code == Some(1) && output.stderr.starts_with("there is no store in postgres://"), "{output:?}");
    }
    let tables = ["", "select count(*) from pg_class where starts_with(relname::text, 'smsp_')"];
    assert_eq!(database.select(tables).await, ["0"]);
    let node = Proxy::start(settings.clone()).await;
    let mut mail = mails::plain();
    mail["send_at"] = time_after(Duration::from_secs(3600)).into();
    queued(&node.client, &mail).await;
    let status = run(&["store", "status"], &settings).await;
    assert!(status.code == Some(0) && status.stdout.contains("queued: 1"), "{status:?}");
    drop(node);
    let newer = "update smsp_schema set works_with = 98 where module = 'outbox' returning version";
    assert_eq!(database.change(["", newer]).await, 1);
    let newer = run(&["store", "status"], &settings).await;
    assert!(newer.code == Some(64) && newer.stderr.contains("a newer version of smsp (schema 98 of "), "{newer:?}");
}

on_both_stores! { migrate_corrects_counts_that_do_not_say_what_the_rows_say }

async fn migrate_corrects_counts_that_do_not_say_what_the_rows_say(database: &Database) {
    let settings = database.under(Settings::mock());
    let node = Proxy::start(settings.clone()).await;
    let mut mail = mails::plain();
    mail["send_at"] = time_after(Duration::from_secs(3600)).into();
    queued(&node.client, &mail).await;
    drop(node);
    let breaks = [
        "update tally set rows = rows + 7 where state = 0 returning rows",
        "insert into smsp_change values ('shop', 0, 'nowhere', 7, 7, 7) returning rows",
    ];
    assert_eq!(database.change(breaks).await, 1);
    let status = async |expected: &str| {
        let status = run(&["store", "status"], &settings).await;
        assert!(status.stdout.lines().any(|line| line == expected), "{expected}: {status:?}");
    };
    status("queued: 8").await;
    for corrected in [true, false] {
        let output = run(&["migrate"], &settings).await;
        assert_eq!(output.code, Some(0), "{output:?}");
        assert_eq!(output.stdout.ends_with("outbox: counts corrected: 1"), corrected, "{output:?}");
        status("queued: 1").await;
    }
}
