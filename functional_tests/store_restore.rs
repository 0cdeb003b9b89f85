//! Restored backups of a SQLite store: nothing that was sent after the backup is sent again without an order.

mod backup;
mod node;

use std::path::Path;

use crate::harness::outbox::sent_twice;
use crate::harness::wait::when;
use crate::harness::{eventually, mails, run};
use backup::{Backup, copy};
use node::{Node, settings};

/// Mails that are sent after the backup, at least.
const AFTER: usize = 1000;

/// Each way that people put a backup back.
async fn gives_out_nothing(put_back: impl FnOnce(&Backup) -> &Path, why: &str) {
    let backup = Backup::under_load(AFTER).await;
    let directory = put_back(&backup);
    // Before a node has noticed it.
    let status = run(&["store", "status"], &settings(&backup.provider, directory)).await;
    assert!(status.code == Some(1) && status.stdout.contains(&format!("went back: {why}")), "{status:?}");
    let first = backup.provider.mail_count();
    let node = Node::start(&backup.provider, directory).await;
    node.says(why).await;
    node.proxy.client.send(&mails::with_subject("now")).await.expect(200);
    let waiting = node.accept("later").await;
    assert_eq!(backup.provider.mail_count(), first + 1, "more than the mail of POST /email was sent");
    // The node runs, so it is looked at, and not changed.
    let status = run(&["store", "status"], &settings(&backup.provider, directory)).await;
    assert_eq!(status.code, Some(1), "{status:?}");
    assert!(status.stdout.contains(&format!("went back: {why}")), "{status:?}");
    let open = run(&["store", "accept-restore"], &settings(&backup.provider, directory)).await;
    assert_eq!(open.code, Some(1), "{open:?}");
    assert!(open.stderr.contains("stop the node that has it open"), "{open:?}");
    node.stop().await;
    let status = run(&["store", "status"], &settings(&backup.provider, directory)).await;
    assert_eq!(status.code, Some(1), "{status:?}");
    assert!(status.stdout.contains(&format!("went back: {why}")), "{status:?}");
    let accepted = run(&["store", "accept-restore"], &settings(&backup.provider, directory)).await;
    assert_eq!(accepted.code, Some(0), "{accepted:?}");
    let parked = parked(&accepted.stdout);
    assert!(parked >= AFTER, "{accepted:?}");
    let status = run(&["store", "status"], &settings(&backup.provider, directory)).await;
    assert!(status.code == Some(0) && status.stdout.contains("went back: no"), "{status:?}");

    let node = Node::start(&backup.provider, directory).await;
    node.becomes(&waiting, "accepted").await;
    assert_eq!(backup.provider.mail_count(), first + 2, "something else than new mail was sent");
    assert_eq!(sent_twice(&backup.provider), 0, "without an order");
    assert_eq!(node.release().await, parked);
    backup.provider.receives_mails(first + 2 + parked).await;
    assert!(sent_twice(&backup.provider) >= AFTER, "the order was to send them again");
    let orders = node.orders().await;
    assert_eq!(orders[..2], ["release caller=caller", "accept_restore"]);
}

fn parked(text: &str) -> usize {
    let line = text.lines().find_map(|line| line.strip_prefix("parked: "));
    line.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no number in {text}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_copied_over_the_newer_one_sends_nothing_again() {
    fn put_back(backup: &Backup) -> &Path {
        for name in ["smsp.db", "smsp.db-wal"] {
            std::fs::copy(backup.copy.path().join(name), backup.store.path().join(name)).expect("a copy");
        }
        backup.store.path()
    }
    gives_out_nothing(put_back, "1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_in_place_of_the_newer_one_sends_nothing_again() {
    fn put_back(backup: &Backup) -> &Path {
        for file in std::fs::read_dir(backup.store.path()).expect("a directory") {
            std::fs::remove_file(file.expect("a file").path()).expect("it can be removed");
        }
        copy(backup.copy.path(), backup.store.path());
        backup.store.path()
    }
    gives_out_nothing(put_back, "the database is in another place").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_in_another_place_sends_nothing_again() {
    gives_out_nothing(|backup: &Backup| backup.copy.path(), "the database is in another place").await;
}

#[tokio::test]
async fn a_new_database_in_the_place_of_the_former_says_what_to_do_and_sends_after_that() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let provider = crate::harness::StubProvider::mailgun().await;
    let settings = settings(&provider, directory.path());
    let node = Node::start(&provider, directory.path()).await;
    let former = node.accept("former").await;
    node.becomes(&former, "accepted").await;
    node.stop().await;
    std::fs::remove_file(directory.path().join("smsp.db")).expect("it can be removed");
    let why = "it has not come to the epoch that is remembered, or is another store, such as a new one";
    let node = Node::start(&provider, directory.path()).await;
    node.says(why).await;
    let waiting = node.accept("later").await;
    eventually("the log says what to do", async || {
        let log = node.proxy.process.evidence();
        when(log.contains("then accept it with smsp store accept-restore"), || log)
    })
    .await;
    node.stop().await;
    let status = run(&["store", "status"], &settings).await;
    assert!(status.code == Some(1) && status.stdout.contains(&format!("went back: {why}")), "{status:?}");
    assert!(
        status.stdout.contains("before `smsp store accept-restore` (docs/how-to/back-up-and-restore.md)"),
        "{status:?}"
    );
    assert_eq!(provider.mails().len(), 1, "mail of the new database was sent");
    let accepted = run(&["store", "accept-restore"], &settings).await;
    assert!(accepted.code == Some(0) && accepted.stdout.contains("parked: 0"), "{accepted:?}");
    let node = Node::start(&provider, directory.path()).await;
    node.becomes(&waiting, "accepted").await;
    assert_eq!(provider.mails().len(), 2);
}

#[tokio::test]
async fn a_node_that_starts_paused_sends_once_it_is_told_to_go_on() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let provider = crate::harness::StubProvider::mailgun().await;
    let node = Node::start_with(settings(&provider, directory.path()).with("SMSP_OUTBOX_START", "paused")).await;
    let id = node.accept("later").await;
    node.proxy.client.send(&mails::with_subject("now")).await.expect(200);
    assert_eq!(node.outbox().await.at("/paused"), true);
    assert_eq!(provider.mails().len(), 1);
    node.order("PUT", "/outbox", r#"{"paused": false}"#).await.expect(200);
    node.becomes(&id, "accepted").await;
}

#[tokio::test]
async fn commands_for_a_store_need_one() {
    for command in ["status", "accept-restore"] {
        let output = run(&["store", command], &crate::harness::Settings::mock()).await;
        assert_eq!(output.code, Some(64), "{output:?}");
        assert!(output.stderr.contains("SMSP_STORE is not set"), "{output:?}");
    }
    assert_eq!(run(&["store", "restore"], &crate::harness::Settings::mock()).await.code, Some(64));
}
