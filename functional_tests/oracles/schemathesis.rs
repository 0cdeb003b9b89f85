//! Schemathesis, which reads our document and then calls as that allows and as it forbids: no fault of ours, no answer
//! that the document does not have, and nothing taken that it forbids or that brings no key.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::seed::seed;
use crate::harness::settings::API_KEY;
use crate::harness::{Process, Proxy, Settings, skip};

/// It makes some thirty calls a second.
const PATIENCE: Duration = Duration::from_secs(400);

const HOW: &str = "--checks all --phases coverage,fuzzing,stateful --continue-on-failure --generation-database none \
     --report json --report-json-path report.json --no-color";

/// One run, and what it says of itself.
struct Run {
    proxy: Proxy,
    report: Value,
    evidence: String,
}

/// Calls a proxy with a mock behind it at the edges of every field, and so often at random; none, and a counted skip, if
/// the tool is not here.
async fn run(key: Option<&str>, random: u64) -> Option<Run> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let oracles = root.join("functional_tests/oracles");
    let tool = root.join("target/check-tools/bin/schemathesis");
    if !tool.exists() {
        skip("schemathesis is not here: scripts/check installs it");
        return None;
    }
    let (proxy, folder) = (Proxy::start(Settings::mock()).await, tempfile::tempdir().expect("a folder"));
    let mut command = Command::new(tool);
    command.current_dir(&folder).arg("--config-file").arg(oracles.join("schemathesis.toml"));
    command.env("SCHEMATHESIS_HOOKS", oracles.join("schemathesis_keys.py"));
    command.args(["run", &proxy.client.url("/openapi.json")]).args(HOW.split(' '));
    let seed = seed();
    eprintln!("schemathesis begins, with the seed {seed} and {} key", key.map_or("no", |_| "the"));
    command.args(["--seed", &seed.to_string(), "--max-examples", &random.to_string()]);
    command.args(key.map(|key| format!("--header=X-API-KEY: {key}")));
    let output = Process::start(command).output(PATIENCE).await;
    let evidence = format!("{}\n{}", output.stdout, output.stderr);
    assert_eq!(output.code, Some(0), "{evidence}");
    Some(Run { proxy, report: report(&folder), evidence })
}

fn report(folder: &TempDir) -> Value {
    let text = std::fs::read_to_string(folder.path().join("report.json")).expect("a report");
    serde_json::from_str(&text).expect("the report is JSON")
}

/// `POST /email`, `POST /route` and `GET /healthcheck`.
const OPERATIONS: u64 = 3;

impl Run {
    fn number(&self, pointer: &str) -> u64 {
        let number = self.report.pointer(pointer).and_then(Value::as_u64);
        number.unwrap_or_else(|| panic!("no {pointer} in {:#}\n{}", self.report, self.evidence))
    }

    /// It has tried so much, in both ways.
    fn has_tried(&self, cases: u64) {
        let tried = self.number("/test_cases/generated");
        eprintln!("schemathesis has tried {tried} cases");
        assert!(tried >= cases, "{tried} cases of {cases}\n{}", self.evidence);
        for phase in ["coverage", "fuzzing"] {
            assert_eq!(self.report["phases"][phase]["status"], "success", "{}", self.evidence);
        }
        assert_eq!(self.number("/operations/tested"), OPERATIONS, "{}", self.evidence);
    }

    /// Calls of `POST /email` that were answered so.
    fn answered(&self, status: u16) -> usize {
        let logs = self.proxy.logs();
        logs.iter().filter(|event| event["path"] == "/email" && event["status"] == status).count()
    }
}

async fn holds_with_the_key(random: u64, cases: u64) {
    let Some(run) = run(Some(API_KEY), random).await else { return };
    run.has_tried(cases);
    assert!(run.answered(200) >= 50, "hardly a mail was taken\n{}", run.evidence);
    // It takes the key away from a call that was a success, and then gives a wrong one.
    assert!(run.answered(401) >= 2, "no call was without the key\n{}", run.evidence);
}

async fn holds_without_a_key(random: u64, cases: u64) {
    let Some(run) = run(None, random).await else { return };
    run.has_tried(cases);
    assert_eq!(run.answered(200), 0, "{}", run.evidence);
    assert!(run.answered(401) >= 100, "{}", run.evidence);
}

#[tokio::test]
async fn whatever_the_document_allows_or_forbids_is_answered_as_it_says() {
    holds_with_the_key(30, 300).await;
}

#[tokio::test]
async fn without_a_key_nothing_is_taken() {
    holds_without_a_key(10, 300).await;
}

#[tokio::test]
#[ignore = "scripts/check --long runs it"]
async fn the_same_two_thousand_times() {
    tokio::join!(holds_with_the_key(1600, 2000), holds_without_a_key(1600, 2000));
}
