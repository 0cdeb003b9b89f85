//! A Prometheus of the test's own, which scrapes nodes several times a second.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use reqwest::Url;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::repository::root;
use crate::harness::wait::{eventually_within, when};
use crate::harness::{Process, skip};

const START: Duration = Duration::from_secs(60);
/// Between two looks at a node, and at the rules.
const INTERVAL: &str = "200ms";

/// One series as a query gives it.
#[derive(Debug)]
pub(super) struct Sample {
    #[expect(dead_code, reason = "a test that fails prints it")]
    labels: BTreeMap<String, String>,
    pub(super) value: f64,
}

/// A running Prometheus; its data goes with it.
pub(super) struct Prometheus {
    process: Process,
    url: String,
    http: reqwest::Client,
    _directory: TempDir,
}

impl Prometheus {
    /// Scrapes each node as a job of this name; returns once it has seen them all. None, and a counted skip, if it is not here.
    pub(super) async fn of(nodes: &[(&str, SocketAddr)], rules: &str) -> Option<Self> {
        let program = root().join("target/check-tools/bin/prometheus");
        if !program.exists() {
            skip("prometheus is not here: scripts/check installs it");
            return None;
        }
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).expect("it can be written");
        write("rules.yaml", rules);
        write("prometheus.yaml", &configuration(nodes));
        let mut command = Command::new(program);
        let path = directory.path().display();
        command.args([format!("--config.file={path}/prometheus.yaml"), format!("--storage.tsdb.path={path}/data")]);
        command.arg("--web.listen-address=127.0.0.1:0");
        let mut process = Process::start(command);
        let url = eventually_within(START, "Prometheus says where it listens", async || {
            assert!(process.ended().is_none(), "ended before it listened\n{}", process.evidence());
            address(&process.evidence()).ok_or_else(|| process.evidence())
        })
        .await;
        let http = reqwest::Client::builder().no_proxy().timeout(START).build().expect("a client can be built");
        let prometheus = Self { process, url, http, _directory: directory };
        eventually_within(START, "Prometheus has scraped every node", async || {
            let up = prometheus.query("up == 1").await?;
            when(up.len() == nodes.len(), || format!("{up:#?}\n{}", prometheus.process.evidence()))
        })
        .await;
        Some(prometheus)
    }

    /// What a query gives at this moment; an error tells why it has no answer.
    pub(super) async fn query(&self, expr: &str) -> Result<Vec<Sample>, String> {
        let url = Url::parse_with_params(&format!("{}/api/v1/query", self.url), [("query", expr)]).expect("a URL");
        let answer = self.http.get(url).send().await.map_err(|error| error.to_string())?;
        let text = answer.text().await.map_err(|error| error.to_string())?;
        let json: Value = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
        let samples = json["data"]["result"].as_array().ok_or_else(|| format!("{expr}: {json}"))?;
        samples.iter().map(|sample| read(sample).ok_or_else(|| format!("{expr}: {sample}"))).collect()
    }
}

fn read(sample: &Value) -> Option<Sample> {
    let labels = sample["metric"].as_object()?.iter();
    let labels = labels.map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect::<Option<_>>()?;
    Some(Sample { labels, value: sample["value"][1].as_str()?.parse().ok()? })
}

fn configuration(nodes: &[(&str, SocketAddr)]) -> String {
    let job = |(name, address): &(&str, SocketAddr)| {
        format!("  - job_name: {name}\n    static_configs:\n      - targets: [\"{address}\"]\n")
    };
    format!(
        "global: {{scrape_interval: {INTERVAL}, scrape_timeout: {INTERVAL}, evaluation_interval: {INTERVAL}}}\n\
         rule_files: [rules.yaml]\nscrape_configs:\n{}",
        nodes.iter().map(job).collect::<String>()
    )
}

/// The address of the line that says that it listens.
fn address(log: &str) -> Option<String> {
    let line = log.lines().find(|line| line.contains("Listening on"))?;
    let (_, address) = line.split_once("address=")?;
    Some(format!("http://{}", address.split_whitespace().next()?))
}
