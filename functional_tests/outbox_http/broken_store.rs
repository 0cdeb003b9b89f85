//! A disk that no longer takes what is written: the node goes on without its outbox.

use std::process::Command;

use super::*;
use crate::harness::Process;
use crate::harness::tool::is_here;

/// Makes every fsync of a process fail, for as long as this lives.
struct FailingDisk {
    strace: Process,
}

impl FailingDisk {
    fn of(node: &Node) -> Self {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-p", &node.proxy.process.id().to_string()]);
        strace.args(["-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"]);
        Self { strace: Process::start(strace) }
    }

    /// Lets go of the process, which goes on.
    async fn heals(mut self) {
        self.strace.signal("TERM");
        eventually("strace has let go", async || self.strace.ended().map(drop).ok_or_else(|| self.strace.evidence()))
            .await;
    }
}

#[tokio::test]
async fn a_node_whose_store_is_broken_stays_ready_says_so_and_sends_on() {
    if !is_here("strace", "strace") {
        return;
    }
    let database = Database::sqlite();
    let node = Node::start(&database).await;
    let client = &node.proxy.client;
    assert_eq!(client.healthcheck().await.expect(200).at("/store"), "up");
    let before = node.accepts(&scheduled()).await;
    let disk = FailingDisk::of(&node);
    let health = eventually("the store is down", async || {
        // Writes, so that the fault shows.
        let _ = node.post("/outbox", &scheduled()).await;
        let health = client.healthcheck().await.expect(200);
        when(health.at("/store") == "down", || health.to_string()).map(|()| health)
    })
    .await;
    assert_eq!(health.at("/status"), "serving", "{health}");
    let ready = client.ops("/readyz").await.expect(200);
    assert_eq!(ready.text, "ready, but the store is down\n");
    client.ops("/livez").await.expect(200);
    let metrics = client.metrics().await;
    assert!(metrics.gauge("smsp_store_up", &[("database", "sqlite")]).abs() < f64::EPSILON, "{}", metrics.page);
    let refused = node.post("/outbox", &scheduled()).await.expect_problem(503, "none", true);
    assert!(refused.retry_after() > 0, "{refused}");
    let sent = node.post("/email", &mails::plain()).await.expect(200);
    assert_eq!(sent.at("/delivery"), "accepted", "{sent}");
    disk.heals().await;
    eventually("the store is up again", async || {
        let health = client.healthcheck().await.expect(200);
        when(health.at("/store") == "up", || health.to_string())
    })
    .await;
    assert_eq!(node.get(&before).await.expect(200).at("/status"), "queued", "what was accepted is still there");
    let path = node.accepts(&mails::plain()).await;
    node.until(&path, "accepted").await;
}
