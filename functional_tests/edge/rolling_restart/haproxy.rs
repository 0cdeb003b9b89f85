//! HAProxy in front of our nodes: who is up is what its own health checks found.

use std::net::SocketAddr;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::tool::{free_port, listening};
use crate::harness::{Client, Process, eventually};

const CONFIG: &str = include_str!("haproxy.cfg");

/// A running one.
pub(super) struct Haproxy {
    _process: Process,
    /// Where mail goes.
    pub(super) api: SocketAddr,
    stats: Client,
    _dir: TempDir,
}

impl Haproxy {
    /// In front of nodes at these ports.
    pub(super) async fn start(ports: &[String]) -> Self {
        let (mail, stats) = (free_port(), free_port());
        let nodes = ports.iter().map(|port| format!("  server {port} 127.0.0.1:{port}\n")).collect::<String>();
        let config = CONFIG.replace("{mail}", &mail).replace("{stats}", &stats).replace("{nodes}\n", &nodes);
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let path = dir.path().join("haproxy.cfg");
        std::fs::write(&path, config).expect("a temporary file can be written");
        let mut command = Command::new("haproxy");
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").arg("-f").arg(path);
        let process = listening(command, &stats).await;
        Self {
            _process: process,
            api: format!("127.0.0.1:{mail}").parse().expect("an address"),
            stats: Client::new(&format!("http://127.0.0.1:{stats}"), ""),
            _dir: dir,
        }
    }

    /// Waits until it sends mail to the node at this port.
    pub(super) async fn sees(&self, port: &str) {
        eventually(&format!("the node at {port} is up"), async || {
            let table = self.stats.get("/;csv").await.expect(200).text;
            let line = table.lines().find(|line| line.starts_with(&format!("mail,{port},")));
            // Until its first check, a node counts as up; such a check has a result.
            let is_up = line.is_some_and(|line| line.contains(",UP,") && line.contains(",L7OK,"));
            if is_up { Ok(()) } else { Err(table) }
        })
        .await;
    }
}
