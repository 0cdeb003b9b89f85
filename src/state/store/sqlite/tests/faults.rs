//! Faults under way.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout};
use std::time::Duration;

use super::*;

fn lines(child: &mut Child) -> Lines<BufReader<ChildStdout>> {
    BufReader::new(child.stdout.take().unwrap()).lines()
}

/// The next line that begins like this, without that.
fn next(lines: &mut Lines<BufReader<ChildStdout>>, start: &str) -> String {
    let mut seen = Vec::new();
    for line in lines.by_ref().map_while(Result::ok) {
        if let Some(rest) = line.strip_prefix(start) {
            return rest.to_owned();
        }
        seen.push(line);
    }
    panic!("the child has said no {start:?}, but {seen:#?}")
}

#[tokio::test]
async fn what_was_answered_before_kill_9_is_found_and_nothing_else_is_half_there() {
    let directory = tempfile::tempdir().unwrap();
    for round in 1..=20 {
        let mut child = child::writing(directory.path(), &[]);
        let mut lines = lines(&mut child);
        next(&mut lines, "open ");
        for _ in 0..fastrand::u32(0..20) {
            next(&mut lines, "note ");
        }
        child.kill().unwrap();
        let answered: Vec<i64> =
            lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("note ")?.parse().ok()).collect();
        child.wait().unwrap();
        let found = ids(&open(directory.path()).unwrap()).await;
        let last = answered.last().copied().unwrap_or_default();
        assert!(found.last().copied().unwrap_or_default() >= last, "round {round}: {answered:?}, found {found:?}");
        assert_eq!(found, (1..=found.len() as i64).collect::<Vec<_>>(), "round {round}");
    }
}

#[tokio::test]
async fn a_second_process_is_refused_while_the_first_one_lives() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    let mut second = child::writing(directory.path(), &[]);
    let error = next(&mut lines(&mut second), "error: ");
    assert!(error.ends_with("is in use by another process; SQLite is for one process only"), "{error}");
    second.wait().unwrap();
    store.write(insert(1)).await.expect("the first one goes on");
}

#[tokio::test]
async fn a_full_disk_takes_nothing_half_and_the_store_is_up_again_once_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    store.write(insert(1)).await.unwrap();
    store.write(|database| database.pragma_update(None, "max_page_count", 40).map(drop)).await.unwrap();
    let large = |database: &Connection| {
        insert(2)(database)?;
        database.execute("insert into note values (3, ?1)", ["x".repeat(1 << 20)]).map(drop)
    };
    // A reader in the way keeps the store from being opened anew, until the test has looked.
    let (go_on, held) = std::sync::mpsc::channel::<()>();
    let (started, has_started) = tokio::sync::oneshot::channel();
    let reading = store.read(move |database| {
        database.query_row("select count(*) from note", [], |_| Ok(()))?;
        let _ = started.send(());
        let _ = held.recv();
        database.query_row("select group_concat(id) from note", [], |row| row.get::<_, String>(0))
    });
    let writing = async {
        has_started.await.unwrap();
        assert_eq!(store.write(large).await, Err(Failed::Down));
        assert!(!store.is_up());
        go_on.send(()).unwrap();
    };
    assert_eq!(tokio::join!(reading, writing).0.as_deref(), Ok("1"), "it can be read meanwhile");
    // The limit is the connection's: a new one finds a disk with room.
    until_up(&store).await;
    store.write(insert(5)).await.unwrap();
    assert_eq!(ids(&store).await, [1, 5]);
}

pub(super) async fn until_up(store: &Sqlite) {
    let up = async {
        while !store.is_up() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), up).await.expect("the store is up again");
}

/// From the sixth on, three calls of fsync fail: `strace` makes the kernel say so.
#[tokio::test]
async fn after_an_fsync_that_fails_the_answer_is_unclear_and_the_store_is_opened_anew() {
    if std::process::Command::new("strace").arg("-V").output().is_err() {
        return println!("skipped: strace is not here");
    }
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()).unwrap());
    let log = directory.path().join("strace.log");
    let strace = ["strace", "-f", "-qq", "-o", log.to_str().unwrap(), "-e", "trace=fsync,fdatasync"];
    let inject = ["-e", "inject=fsync,fdatasync:error=EIO:when=6..8"];
    let mut child = child::writing(directory.path(), &[&strace[..], &inject].concat());
    let mut lines = lines(&mut child);
    let pid = next(&mut lines, "open ");
    let failed = next(&mut lines, "failed ");
    let (unclear, how) = failed.split_once(' ').unwrap();
    assert_eq!(how, "Unclear up=false", "a failed fsync proves nothing");
    assert!(next(&mut lines, "failed ").ends_with("Down up=false"), "nothing is written before it was opened anew");
    let after: i64 = next(&mut lines, "note ").parse().unwrap();
    child::kill(&pid);
    child.wait().unwrap();
    let found = ids(&open(directory.path()).unwrap()).await;
    assert!(found.contains(&after), "{after} was answered after the fault: {found:?}");
    println!("{unclear} was unclear; found are {found:?}");
}
