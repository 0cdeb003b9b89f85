//! `smsp store backup FILE`: a copy of the store of a running node, on the disk before it has its name.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::outbox::{Store, pause, queued, status};
use crate::harness::process::binary;
use crate::harness::processes::{children, signal};
use crate::harness::skip::skip;
use crate::harness::wait::{PATIENCE, eventually, when};
use crate::harness::{Process, Proxy, Settings, mails, run, tool};

fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory can be made")
}

fn settings(directory: &Path) -> Settings {
    Store::sqlite(directory).under(Settings::mock())
}

fn path(directory: &TempDir) -> String {
    directory.path().join("copy.db").display().to_string()
}

#[tokio::test]
async fn every_mail_that_was_accepted_before_a_backup_of_a_running_node_is_in_it() {
    let [store, other, copies] = [(); 3].map(|()| directory());
    let node = Proxy::start(settings(store.path())).await;
    pause(&node, true).await;
    let mut accepted = Vec::new();
    for _ in 0..20 {
        accepted.push(queued(&node.client, &mails::plain()).await);
    }
    let output = run(&["store", "backup", &path(&copies)], &settings(store.path())).await;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{output:?}");
    let bytes = std::fs::metadata(path(&copies)).expect("a copy").len();
    assert_eq!(output.stdout, format!("backup: {}\nbytes: {bytes}", path(&copies)));
    let again = run(&["store", "backup", &path(&copies)], &settings(store.path())).await;
    assert!(again.code == Some(1) && again.stderr.contains("copy.db is there already"), "{again:?}");
    std::fs::rename(path(&copies), other.path().join("smsp.db")).expect("a place for it");
    let restored = Proxy::start(settings(other.path())).await;
    for id in accepted {
        assert_eq!(status(&restored.client, &id).await, "queued");
    }
    queued(&node.client, &mails::plain()).await;
}

#[tokio::test]
async fn a_backup_is_on_the_disk_before_it_has_its_name_and_then_the_name_is() {
    let [store, copies] = [(); 2].map(|()| directory());
    drop(Proxy::start(settings(store.path())).await);
    if !tool::is_here("strace", "strace") {
        return;
    }
    let log = copies.path().join("calls");
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-e", "trace=fsync,link,linkat,unlink", "-o"]).arg(&log).arg(binary());
    command.args(["store", "backup", &path(&copies)]).env_clear().envs(settings(store.path()).pairs());
    let output = Process::start(command).output(PATIENCE).await;
    let calls = std::fs::read_to_string(&log).unwrap_or_default();
    if output.code != Some(0) && output.stderr.contains("ptrace") {
        return skip("strace may not follow another process here (ptrace)");
    }
    assert_eq!(output.code, Some(0), "{output:?}");
    let folder = copies.path().display().to_string();
    let is = |call: &str, begin: &str, end: &str| call.contains(begin) && call.contains(end) && call.ends_with("= 0");
    let mut rest = calls.lines();
    for (begin, end) in [
        ("fsync(", "copy.db.partial>"),
        ("link", "copy.db\""),
        ("unlink(", "copy.db.partial\""),
        ("fsync(", &format!("<{folder}>")),
    ] {
        assert!(rest.any(|call| is(call, begin, end)), "no {begin} {end} in its place:\n{calls}");
    }
}

/// strace holds each write of the copy up, so that the signal comes while it is being made.
#[tokio::test]
async fn a_backup_that_is_interrupted_ends_soon_and_leaves_nothing() {
    let [store, copies] = [(); 2].map(|()| directory());
    let node = Proxy::start(settings(store.path())).await;
    pause(&node, true).await;
    if !tool::is_here("strace", "strace") {
        return;
    }
    let mut command = Command::new("strace");
    command.args(["-f", "-e", "trace=pwrite64", "-e", "inject=pwrite64:delay_enter=50000", "-o", "/dev/null"]);
    command.arg(binary()).args(["store", "backup", &path(&copies)]).env_clear().envs(settings(store.path()).pairs());
    let process = Process::start(command);
    let partial = copies.path().join("copy.db.partial");
    eventually("the copy is begun", async || {
        when(partial.metadata().is_ok_and(|file| file.len() > 0), || process.evidence())
    })
    .await;
    signal("-INT", &children(process.id()));
    let output = process.output(PATIENCE).await;
    assert!(output.code == Some(1) && output.stderr.contains("stopped by a signal"), "{output:?}");
    assert_eq!(std::fs::read_dir(copies.path()).expect("a directory").count(), 0, "{output:?}");
}

#[tokio::test]
async fn a_backup_that_cannot_be_made_says_why_and_makes_nothing() {
    let [store, copies] = [(); 2].map(|()| directory());
    let file = path(&copies);
    let backup = ["store", "backup", &file];
    let postgres = Store::at("postgres://smsp:canary@127.0.0.1:1/smsp?sslmode=disable").under(Settings::mock());
    for (settings, code, why) in [
        (Settings::mock(), 64, "there is no store: SMSP_STORE is not set"),
        (
            postgres,
            64,
            "pg_dump for a copy of one moment, or pg_basebackup and an archive of its log for any moment (PITR)",
        ),
        (settings(store.path()), 1, "there is no store in sqlite:"),
    ] {
        let output = run(&backup, &settings).await;
        assert!(output.code == Some(code) && output.stderr.contains(why), "{output:?}");
        assert!(output.stdout.is_empty() && !output.stderr.contains("canary"), "{output:?}");
    }
    drop(Proxy::start(settings(store.path())).await);
    let other_key = settings(store.path()).with("SMSP_STORE_KEY", &format!("2026a:{}", "7".repeat(64)));
    let output = run(&backup, &other_key).await;
    assert!(
        output.code == Some(64)
            && output.stderr.contains("SMSP_STORE_KEY: the key `2026a` is not the one that the store was written"),
        "{output:?}"
    );
    let nowhere = copies.path().join("missing/copy.db").display().to_string();
    let output = run(&["store", "backup", &nowhere], &settings(store.path())).await;
    assert!(
        output.code == Some(1) && output.stderr.contains("missing/copy.db.partial cannot be written"),
        "{output:?}"
    );
    assert_eq!(run(&["store", "backup"], &settings(store.path())).await.code, Some(64));
    assert_eq!(std::fs::read_dir(copies.path()).expect("a directory").count(), 0, "a file was made");
}
