//! Spans as OpenTelemetry's own Python package reads them.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::harness::process::Output;
use crate::harness::{Process, skip};

/// Python loads the protocol first.
const START: Duration = Duration::from_secs(90);

/// One span.
#[derive(Debug)]
pub(super) struct Span(Value);

impl Span {
    pub(super) fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", self.0))
    }

    pub(super) fn is_error(&self) -> bool {
        self.0["is_error"] == true
    }

    pub(super) fn attribute(&self, name: &str) -> &Value {
        &self.0["attributes"][name]
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = &str> {
        self.0["attributes"].as_object().expect("attributes").keys().map(String::as_str)
    }

    pub(super) fn resource(&self, name: &str) -> &Value {
        &self.0["resource"][name]
    }

    pub(super) fn start(&self) -> u64 {
        self.0["start"].as_u64().expect("nanoseconds")
    }

    pub(super) fn millis(&self) -> u64 {
        let nanos = |name: &str| self.0[name].as_u64().expect("nanoseconds");
        (nanos("end") - nanos("start")) / 1_000_000
    }
}

/// What the package says of these bodies; none, and a counted skip, if it is not here.
async fn checked(bodies: &str) -> Option<Output> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/check-tools/bin/python");
    let mut asked = Command::new(&python);
    let is_here = asked.args(["-c", "import opentelemetry.proto"]).output().is_ok_and(|output| output.status.success());
    if !is_here {
        skip("opentelemetry-proto is not here: scripts/check installs it");
        return None;
    }
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    file.write_all(bodies.as_bytes()).expect("it can be written");
    let mut command = Command::new(python);
    command.arg(root.join("functional_tests/traces/read_spans.py")).arg(file.path());
    Some(Process::start(command).output(START).await)
}

/// The spans of these bodies, which must be sound.
pub(super) async fn read(bodies: &str) -> Option<Vec<Span>> {
    let output = checked(bodies).await?;
    assert_eq!(output.code, Some(0), "{output:?}\n{bodies}");
    let spans: Vec<Value> = serde_json::from_str(&output.stdout).expect("JSON");
    Some(spans.into_iter().map(Span).collect())
}

/// Why these bodies are not sound.
pub(super) async fn problem(bodies: &str) -> Option<String> {
    let output = checked(bodies).await?;
    assert_eq!(output.code, Some(1), "it finds nothing: {output:?}\n{bodies}");
    Some(output.stderr)
}

/// The one span of this name.
#[track_caller]
pub(super) fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found: Vec<_> = spans.iter().filter(|span| span.text("name") == name).collect();
    let [span] = found[..] else { panic!("{name}: {spans:#?}") };
    span
}
