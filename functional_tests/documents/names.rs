//! The names that the program has: variables, metrics, problem types, routes, commands. Each list comes from the program.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;
use smsp::delivery::provider::KINDS;
use smsp::runtime::metrics::{Gauges, Listener, Metrics, MxWords, OutboxWords, UpstreamWords};

use crate::harness::repository::{read, root, rust_files};
use crate::harness::{Settings, kinds, run};

/// What an operator can see of a metric before it has a value.
#[derive(Debug, Default)]
pub(super) struct Metric {
    pub r#type: String,
    pub labels: BTreeSet<String>,
    pub meaning: String,
}

/// Every variable there is, with its default, as the binary itself lists them.
pub(super) async fn variables() -> Vec<(String, String)> {
    let settings = Settings::empty()
        .with("SMSP_API_KEY", "k")
        .with("SMSP_PROVIDERS", &kinds::upstreams())
        .with("SMSP_POLL_MESSAGE_ADDRESS", "poll@example.org");
    // Its table shows the address of this region.
    let settings = KINDS.iter().fold(settings, kinds::with_needed).with("SMSP_SES_REGION", "eu-west-1");
    let output = run(&["check-config"], &settings).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let pairs = output.stdout.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The variable in the tables that stands for this one. What may be set for one caller or upstream alone stands there
/// once, as what holds for all.
pub(super) fn listed_as(name: &str) -> String {
    if let Some(rest) = name.strip_prefix("SMSP_CALLER_CALLER_") {
        return format!("SMSP_CALLER_{rest}");
    }
    let is_limit = |rest: &&str| {
        ["ATTEMPT_TIMEOUT", "CONCURRENCY", "WEIGHT", "FLOOR", "FROM_DOMAINS", "RATE", "RAMP_UP"].contains(rest)
            || rest.starts_with("CIRCUIT_")
    };
    let rest = KINDS.iter().find_map(|kind| name.strip_prefix(kinds::prefix(kind).as_str()));
    rest.filter(is_limit).map_or_else(|| name.to_owned(), |rest| format!("SMSP_{rest}"))
}

/// Every metric, by the name that queries use; a histogram by the name without its suffix.
pub(super) fn metrics() -> BTreeMap<String, Metric> {
    let page = touched().render();
    let mut found = BTreeMap::<String, Metric>::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let (series, _) = line.rsplit_once(' ').expect("a value");
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let is_bucket = |family: &&str| described(&page, "TYPE", family) == "histogram" && name.starts_with(family);
        let name = page.lines().filter_map(family).find(is_bucket).unwrap_or(name);
        // What the type adds to the name stands in front of neither.
        let without = name.trim_end_matches("_total").trim_end_matches("_info");
        let family = if described(&page, "TYPE", name).is_empty() { without } else { name };
        let metric = found.entry(name.to_owned()).or_default();
        metric.r#type = described(&page, "TYPE", family);
        metric.meaning = described(&page, "HELP", family).trim_end_matches('.').to_owned();
        let names = labels.split("\",").filter_map(|pair| Some(pair.split_once("=\"")?.0.to_owned()));
        metric.labels.extend(names.filter(|name| name != "le"));
    }
    let sources = rust_files("src/runtime/metrics").iter().map(|path| read(path)).collect::<String>();
    let sources = sources + &read(&root().join("src/runtime/metrics.rs"));
    assert_eq!(found.len(), sources.matches("registry.register(").count(), "one is not touched: {found:#?}");
    found
}

fn family(line: &str) -> Option<&str> {
    line.strip_prefix("# TYPE ")?.split(' ').next()
}

fn described(page: &str, what: &str, family: &str) -> String {
    let start = format!("# {what} {family} ");
    page.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default().to_owned()
}

/// Metrics of which each has a series: those without one are not on the page.
fn touched() -> Metrics {
    let metrics = Metrics::default();
    metrics.upstream("u", &UpstreamWords { outcomes: &["accepted"], skips: &["busy"], transitions: &["r"] });
    metrics.requests.of([]).answered(None, 404, "c", Duration::ZERO);
    metrics.circuits.state("u", "closed", true);
    metrics.circuits.overriding("u", "auto", true);
    metrics.upstream_gauges("u", &Gauges { tokens_left: Some(0), ..Gauges::default() });
    metrics.routes(["u"].into_iter(), ["r"].into_iter());
    metrics.mails.expect(["c".into()].iter());
    metrics.key_ends.replace([("c".into(), UNIX_EPOCH)].into_iter());
    metrics.limits.set_connections(Listener::Api, 1);
    metrics.admin.refused("r");
    metrics.admin.override_ends("u", 0.0);
    metrics.store.of("sqlite");
    let words = &["w"];
    let words = OutboxWords {
        states: words,
        ended: words,
        late: words,
        replayed: words,
        buried: words,
        full: words,
        fallbacks: words,
        bounces: words,
        tasks: words,
    };
    metrics.outbox.of(&words, (0, 0));
    let words = &["w"];
    metrics.mx.expect(&MxWords {
        states: words,
        refusals: words,
        no_routes: words,
        answers: words,
        protections: words,
    });
    metrics
}

/// The documents of both listeners.
pub(super) fn openapi() -> [Value; 2] {
    ["openapi/openapi.json", "openapi/admin.json"]
        .map(|path| serde_json::from_str(&read(&root().join(path))).unwrap_or_else(|error| panic!("{path}: {error}")))
}

/// `METHOD /path` of every route in a document.
pub(super) fn routes(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().expect("paths");
    let pairs = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("methods").keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    pairs.collect()
}

/// The bodies of the answers of a real node, kept in this file, that a document shows as examples.
pub(super) fn recorded_answers(path: &str) -> Vec<Value> {
    let answers: Vec<Value> = serde_json::from_str(&read(&root().join(path))).expect("a list");
    answers.into_iter().map(|mut answer| answer["body"].take()).collect()
}

/// The column in which `smsp --help` tells what a command does.
const ABOUT: usize = 16;

/// Every command, as `smsp --help` lists them; an argument is told of in the lines of its command, behind "with".
pub(super) async fn commands() -> BTreeSet<String> {
    let output = run(&["--help"], &Settings::empty()).await;
    let (_, list) = output.stdout.split_once("commands:\n").expect("a list of commands");
    let mut found: Vec<String> = Vec::new();
    for line in list.lines().take_while(|line| line.len() > ABOUT) {
        // A long name has a line of its own.
        let is_long = !line[..ABOUT].ends_with(' ');
        let (name, about) = if is_long { (line, "") } else { line.split_at(ABOUT) };
        match (name.trim(), about.strip_prefix("with ")) {
            ("", Some(argument)) => {
                let last = found.last().expect("a command");
                let command = last.split(" --").next().unwrap_or_default().to_owned();
                let argument = argument.split(' ').next().unwrap_or_default();
                found.push(format!("{command} {argument}"));
            }
            ("", None) => {}
            (name, _) => found.push(format!("smsp {name}")),
        }
    }
    found.into_iter().collect()
}
