//! The suite against a server that is already running, by the original's three variables: the mode itself is tested.

use std::env;
use std::process::Command;
use std::time::Duration;

use crate::harness::settings::API_KEY;
use crate::harness::{Process, Proxy, target};

/// For the whole of `conformance` on a busy machine.
const ALL_SCENARIOS: Duration = Duration::from_mins(2);

fn conformance_against(proxy: &Proxy) -> Command {
    let mut command = Command::new(env::current_exe().expect("a test knows its own path"));
    command
        .args(["conformance::", "--nocapture"])
        .env("SMSP_HOST_PORT", proxy.api.to_string())
        .env("SMSP_PROTOCOL", "http")
        .env("SMSP_API_KEY", API_KEY);
    command
}

#[tokio::test]
async fn the_scenarios_that_need_no_stub_run_against_a_running_server() {
    let proxy = Proxy::start(target::settings()).await;
    let output = Process::start(conformance_against(&proxy)).output(ALL_SCENARIOS).await;
    assert_eq!(output.code, Some(0), "{}\n{}", output.stdout, output.stderr);
    assert!(output.stdout.contains("test result: ok.") && !output.stdout.contains(" 0 passed"), "{}", output.stdout);
    let skipped = output.stderr.lines().filter(|line| line.starts_with("SKIP") && line.contains("running server"));
    assert_eq!(skipped.count(), 0, "our own server has all that the scenarios need: {}", output.stderr);
    let log = format!("{:?}", proxy.logs());
    assert!(log.contains("conformance-echo-1"), "the scenarios' requests reached this proxy: {log}");
    let metrics = proxy.client.metrics().await;
    assert!(metrics.count("smsp_attempts_total", &[("outcome", "accepted")]) > 20, "{}", metrics.page);
}
