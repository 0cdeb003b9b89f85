//! E-h2: this port speaks HTTP/1.1, and a client that floods it with HTTP/2 is cut before it has cost anything.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::counting_provider::CountingProvider;
use super::load::Load;
use crate::harness::{Process, Proxy, http2_provider, report, skip};

/// Frames of Python's h2, each flood over so many connections.
const CONNECTIONS: usize = 1000;
const FLOODS: [&str; 5] = ["rapid_reset", "continuation", "ping", "settings", "zero_window"];
/// Frames that may be out before the flood sees that it is cut.
const FRAMES: u64 = 250;
const ROOM_KIB: u64 = 5 << 10;
const GOOD: u32 = 50;
const ALONE: Duration = Duration::from_secs(3);
/// The length of a flood that is not cut.
const LONGEST: Duration = Duration::from_secs(300);

/// Where scripts/check installs Python's h2.
fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/check-tools/bin/python");
    let found = Command::new(&python).args(["-c", "import h2"]).status().is_ok_and(|status| status.success());
    if !found {
        skip("h2 is not here (PyPI package h2)");
    }
    found.then_some(python)
}

/// What came of it.
async fn flood(python: &Path, port: u16, name: &str, connections: usize) -> Value {
    let mut command = Command::new(python);
    command.args(["-c", include_str!("http2_floods.py"), &port.to_string(), name, &connections.to_string()]);
    let output = Process::start(command).output(LONGEST).await;
    serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "scripts/check --long runs it"]
async fn floods_of_http_2_are_cut_and_cost_nothing() {
    let Some(python) = python() else { return };
    let provider = CountingProvider::start(Duration::ZERO);
    let proxy = Proxy::start(provider.settings()).await;
    let load = Load::on(proxy.api);
    let alone = load.during(ALONE, GOOD).await;
    let (good, before) = (load.start(GOOD), proxy.process.peak_kib());
    for name in FLOODS {
        let end = flood(&python, proxy.api.port(), name, CONNECTIONS).await;
        assert_eq!(end["closed"], true, "{name}: {end}");
        assert!(end["frames"].as_u64().is_some_and(|frames| frames <= FRAMES), "{name}: {end}");
    }
    let cost = proxy.process.peak_kib() - before;
    let good = good.stop().await;
    good.expect_no_failure();
    report("E-h2", &format!("{FLOODS:?} cut; {cost} KiB; {}", good.beside(&alone)));
    assert!(cost <= ROOM_KIB, "{cost} KiB");
}

/// So that the floods above are floods, and not something that anybody would refuse.
#[tokio::test]
#[ignore = "scripts/check --long runs it"]
async fn http2_server_does_not_cut_the_flood_at_once() {
    let Some(python) = python() else { return };
    let server = http2_provider::start(http2_provider::Answer::Accepts).await;
    let end = flood(&python, server.address().port(), "ping", 1).await;
    assert!(end["closed"] == false && end["frames"].as_u64() > Some(FRAMES), "{end}");
}
