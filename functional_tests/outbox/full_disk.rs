//! A full disk: mail is refused with `none`, nothing is half written, the node goes on, and so does the outbox once there is
//! room.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::provider::Provider;
use crate::harness::outbox::{Store, at_rest, pause, queue, queued};
use crate::harness::wait::when;
use crate::harness::{Answer, Proxy, eventually, mails, skip};

/// A small disk of its own, for as long as it lives.
struct Disk(tempfile::TempDir);

impl Disk {
    /// None, and a counted skip, where this process may not mount one.
    fn new() -> Option<Self> {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(directory.path()).output();
        if !mount.is_ok_and(|output| output.status.success()) {
            skip("a small disk cannot be mounted here (needs root)");
            return None;
        }
        Some(Self(directory))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all that is left but so many bytes.
    fn fill(&self, left: usize) {
        let ballast = self.path().join("ballast");
        let mut bytes = 8 << 20;
        while bytes > 4096 && fs::write(&ballast, vec![0; bytes]).is_err() {
            bytes -= 4096;
        }
        fs::write(&ballast, vec![0; bytes.saturating_sub(left)]).expect("less than there is room for");
    }

    fn empty(&self) {
        fs::remove_file(self.path().join("ballast")).expect("the ballast is there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A node that still runs would keep it.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).output();
    }
}

#[tokio::test]
async fn before_the_disk_is_full_mail_is_refused_and_waiting_mail_goes_on() {
    let Some(disk) = Disk::new() else { return };
    let provider = Provider::taking_after(Duration::ZERO);
    let settings = Store::sqlite(disk.path()).under(provider.settings());
    let proxy = Proxy::start(settings.with("SMSP_OUTBOX_MIN_FREE", "10%")).await;
    proxy.client.order("sg", &serde_json::json!({"override": "open"})).await.expect(200);
    queued(&proxy.client, &mails::with_subject("1")).await;
    disk.fill(300 << 10);
    let refused = queue(&proxy.client, &mails::with_subject("2")).await.expect_problem(503, "none", true);
    assert_eq!(refused.json["type"], "urn:smsp:problem:outbox-full", "{refused}");
    assert!(is_up(&proxy).await, "{}", proxy.process.evidence());
    proxy.client.order("sg", &serde_json::json!({"override": "closed"})).await.expect(200);
    at_rest(&proxy.client).await;
    assert_eq!(provider.taken(), [(1, 1)].into(), "ends and marks have their room");
    disk.empty();
    queued(&proxy.client, &mails::with_subject("3")).await;
    at_rest(&proxy.client).await;
    assert_eq!(provider.taken(), [(1, 1), (3, 1)].into());
}

#[tokio::test]
async fn a_full_disk_makes_no_half_mail_and_the_rest_of_the_node_goes_on() {
    let Some(disk) = Disk::new() else { return };
    let provider = Provider::taking_after(Duration::ZERO);
    let proxy = Proxy::start(Store::sqlite(disk.path()).under(provider.settings())).await;
    let client = &proxy.client;
    pause(&proxy, true).await;
    queued(client, &large(1)).await;
    assert!(is_up(&proxy).await, "{}", proxy.process.evidence());
    disk.fill(0);
    // A second after a failure it may be up, because smaller mail may fit: until it is seen down, and says no for that.
    let (mut unclear, mut number) = (0, 100);
    eventually("the store is down", async || {
        number += 1;
        let answer = not_accepted(queue(client, &large(number)).await);
        unclear += u64::from(answer.status == 504);
        let is_up = is_up(&proxy).await;
        when(answer.status == 503 && !is_up, || format!("{answer}\n{}", proxy.process.evidence()))
    })
    .await;
    client.send(&mails::with_subject("9")).await.expect(200);
    disk.empty();
    eventually("the store is up again", async || when(is_up(&proxy).await, || proxy.process.evidence())).await;
    queued(client, &large(6)).await;
    pause(&proxy, false).await;
    let counts = at_rest(client).await;
    assert!((2..=2 + unclear).contains(&counts.status("accepted")), "{counts:?}, {unclear} unclear");
    let taken = provider.taken();
    assert!(taken.values().all(|times| *times == 1), "{taken:?}");
    assert!([1, 6, 9].iter().all(|number| taken.contains_key(number)), "a mail that was accepted is lost: {taken:?}");
    let database = rusqlite::Connection::open(disk.path().join("smsp.db")).expect("the database can be opened");
    let sound: String =
        database.query_row("pragma integrity_check", [], |row| row.get(0)).expect("the database can be checked");
    assert_eq!(sound, "ok");
}

async fn is_up(proxy: &Proxy) -> bool {
    proxy.client.metrics().await.gauge("smsp_store_up", &[("database", "sqlite")]) > 0.5
}

fn large(number: usize) -> serde_json::Value {
    let mut mail = mails::with_subject(&number.to_string());
    mail["text"] = "x".repeat(400 << 10).into();
    mail
}

/// It was not, or nobody knows.
fn not_accepted(answer: Answer) -> Answer {
    let delivery = answer.json["delivery"].as_str();
    assert!(matches!((answer.status, delivery), (503, Some("none")) | (504, Some("unknown"))), "{answer}");
    answer
}
