//! The page at `GET /metrics`: what is on it, and the two formats that it is written in.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::harness::admin::get;
use crate::harness::outbox::Store;
use crate::harness::repository::{read, root};
use crate::harness::skip::skip;
use crate::harness::wait::when;
use crate::harness::{Answer, Proxy, Settings, eventually, golden, mails};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";

async fn page(proxy: &Proxy, accept: &str) -> Answer {
    get(proxy.ops, "/metrics", &[("accept", accept)]).await.expect(200)
}

/// Every line without its number, sorted: the page keeps no order among the series of a family. The buckets of a
/// histogram are one line.
fn lines_without_numbers(page: &str) -> String {
    let name = |line: &str| line.rsplit_once(' ').map_or(line, |(name, _)| name).to_owned();
    let series = |line: &str| without_bound(&name(line)).unwrap_or_else(|| name(line));
    let lines = page.lines().map(|line| if line.starts_with('#') { line.to_owned() } else { series(line) });
    let lines: BTreeSet<_> = lines.collect();
    format!("{}\n", lines.into_iter().collect::<Vec<_>>().join("\n"))
}

/// A bucket by its other labels.
fn without_bound(series: &str) -> Option<String> {
    let (start, rest) = series.split_once("{le=\"")?;
    let (_, end) = rest.split_once('"')?;
    Some(format!("{start}{{le=\"*\"{end}"))
}

#[tokio::test]
async fn the_page_of_metrics_is_the_golden_one_but_for_its_numbers() {
    let proxy = Proxy::start(Settings::mock()).await;
    proxy.client.send(&mails::plain()).await.expect(200);
    let metrics = proxy.client.metrics().await;
    let version = format!("version=\"{}\",commit=\"unknown\"", env!("CARGO_PKG_VERSION"));
    golden::check(
        "metrics.txt",
        &lines_without_numbers(&metrics.page).replace(&version, "version=\"{version}\",commit=\"{commit}\""),
    );
    let states = metrics.count("smsp_circuit_state", &[("upstream", "mock")]);
    assert_eq!(states, 1, "one state at a time\n{}", metrics.page);
}

#[tokio::test]
async fn a_client_gets_the_format_that_it_prefers_and_else_the_plain_one() {
    let proxy = Proxy::start(Settings::mock()).await;
    let prometheus = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                      text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    for (accept, format) in [
        (prometheus, OPEN_METRICS),
        ("text/plain;version=0.0.4,application/openmetrics-text;q=0.9", PLAIN),
        ("application/json", PLAIN),
        ("*/*", PLAIN),
    ] {
        let answer = page(&proxy, accept).await;
        assert_eq!(answer.header("content-type"), Some(format), "{accept}");
        assert_eq!(answer.text.ends_with("\n# EOF\n"), format == OPEN_METRICS, "{answer}");
    }
}

#[tokio::test]
async fn both_formats_have_the_same_series() {
    let proxy = Proxy::start(Settings::mock()).await;
    proxy.client.send(&mails::plain()).await.expect(200);
    // Counts its own route, which both pages so have.
    page(&proxy, PLAIN).await;
    let series = |page: &Answer| {
        let series = page.text.lines().filter(|line| !line.starts_with('#'));
        series.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned())).collect::<BTreeSet<_>>()
    };
    let (plain, open_metrics) = (series(&page(&proxy, PLAIN).await), series(&page(&proxy, OPEN_METRICS).await));
    assert_eq!(plain, open_metrics);
    assert!(!plain.is_empty());
}

#[tokio::test]
async fn every_route_and_class_of_status_is_there_before_the_first_request() {
    let directory = tempfile::tempdir().expect("a directory");
    // A node that has all of them.
    let direct = Settings::server().with("SMSP_PROVIDERS", "mx").with("SMSP_MX_HELO", "mail.example.org");
    let direct = direct.with("SMSP_SHAPES", "minimailgun");
    let proxy = Proxy::start(Store::sqlite(directory.path()).under(direct)).await;
    let metrics = proxy.client.metrics().await;
    let documented = ["openapi/openapi.json", "openapi/admin.json"].map(|path| {
        let document: Value = serde_json::from_str(&read(&root().join(path))).expect("JSON");
        document["paths"].as_object().expect("paths").keys().cloned().collect::<Vec<_>>()
    });
    let undocumented = ["/openapi.json", "/swagger.json", "/swagger-ui", "/swagger-ui/", "/swagger-ui/{*rest}"];
    for path in documented.iter().flatten().map(String::as_str).chain(undocumented) {
        for class in ["2xx", "4xx", "5xx"] {
            let labels = [("path", path), ("status_class", class)];
            assert!(metrics.has("smsp_request_duration_seconds_count", &labels), "{path} {class}\n{}", metrics.page);
        }
    }
    let unmatched = [("path", "other"), ("status_class", "4xx")];
    assert!(metrics.has("smsp_request_duration_seconds_count", &unmatched), "{}", metrics.page);
}

#[tokio::test]
async fn requests_are_timed_by_path_and_class_of_status() {
    let proxy = Proxy::start(Settings::mock()).await;
    proxy.client.send(&mails::plain()).await.expect(200);
    proxy.client.send(&mails::with_subject("fail")).await.expect(502);
    proxy.client.post_raw("not json", &[]).await.expect(400);
    proxy.client.get("/no/such/page").await.expect(404);
    let metrics = proxy.client.metrics().await;
    for (path, class) in [("/email", "2xx"), ("/email", "4xx"), ("/email", "5xx"), ("other", "4xx")] {
        let labels = [("path", path), ("status_class", class)];
        let count = metrics.count("smsp_request_duration_seconds_count", &labels);
        assert_eq!(count, 1, "{path} {class}\n{}", metrics.page);
    }
}

#[tokio::test]
async fn every_limit_stands_beside_the_gauge_that_it_names() {
    let directory = tempfile::tempdir().expect("a directory");
    let settings = Settings::mock().with("SMSP_MAX_CONNECTIONS", "321").with("SMSP_MAX_IN_FLIGHT", "45");
    let settings = settings.with("SMSP_MAX_IN_FLIGHT_BYTES", "64MiB").with("SMSP_CONCURRENCY", "12");
    let without_store = Proxy::start(settings.clone().with("SMSP_HELD_ANSWERS", "789")).await;
    let with_outbox = settings.with("SMSP_OUTBOX_MAX_ROWS", "456").with("SMSP_OUTBOX_MAX_BYTES", "96MiB");
    let with_outbox = Proxy::start(Store::sqlite(directory.path()).under(with_outbox)).await;
    let common = [("in_flight", 45), ("in_flight_bytes", 64 << 20)];
    let labelled = [
        ("connections", ("listener", "api"), 321),
        ("connections", ("listener", "admin"), 1024),
        ("upstream_in_flight", ("upstream", "mock"), 12),
    ];
    for (proxy, own) in [
        (without_store, vec![("held_answers", 789)]),
        (with_outbox, vec![("outbox_rows", 456), ("outbox_bytes", 96 << 20)]),
    ] {
        let metrics = proxy.client.metrics().await;
        let all = [&common[..], &own].concat();
        for (of, limit) in &all {
            assert!(metrics.has(&format!("smsp_{of}"), &[]), "smsp_{of}\n{}", metrics.page);
            assert_eq!(metrics.count("smsp_limit", &[("of", of)]), *limit, "{of}\n{}", metrics.page);
        }
        for (of, label, limit) in labelled {
            assert!(metrics.has(&format!("smsp_{of}"), &[label]), "smsp_{of}\n{}", metrics.page);
            assert_eq!(metrics.count("smsp_limit", &[("of", of), label]), limit, "{of}\n{}", metrics.page);
        }
        let sum =
            all.iter().map(|(_, limit)| limit).sum::<u64>() + labelled.iter().map(|(.., limit)| limit).sum::<u64>();
        assert_eq!(metrics.count("smsp_limit", &[]), sum, "there are no others\n{}", metrics.page);
        assert_eq!(metrics.count("smsp_upstream_limit", &[("upstream", "mock")]), 12, "{}", metrics.page);
        let info = [("upstream", "mock"), ("kind", "mock"), ("position", "1")];
        assert_eq!(metrics.count("smsp_upstream_info", &info), 1, "{}", metrics.page);
    }
}

#[tokio::test]
async fn the_page_tells_what_the_system_knows_of_the_process() {
    let proxy = Proxy::start(Settings::mock()).await;
    let gauge = async |name: &str| proxy.client.metrics().await.gauge(name, &[]);
    let (open, max) = (gauge("process_open_fds").await, gauge("process_max_fds").await);
    assert!(open > 3.0 && open < max, "{open} of {max}");
    let (resident, space) = (gauge("process_resident_memory_bytes").await, gauge("process_virtual_memory_bytes").await);
    assert!(resident > 1e6 && resident < space, "{resident} of {space}");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
    let age = now - gauge("process_start_time_seconds").await;
    assert!((-2.0..300.0).contains(&age), "{age}");
    let before = gauge("process_cpu_seconds_total").await;
    eventually("the process has used more time", async || {
        proxy.client.send(&mails::plain()).await.expect(200);
        let after = gauge("process_cpu_seconds_total").await;
        when(after > before, || format!("{before} and {after}"))
    })
    .await;
}

/// What `promtool check metrics` finds; none, and a counted skip, where it is not here.
fn promtool_finds(page: &str) -> Option<String> {
    let tool = root().join("target/check-tools/bin/promtool");
    if !tool.exists() {
        skip("promtool is not here: scripts/check installs it");
        return None;
    }
    let command = Command::new(tool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut command = command.expect("promtool runs");
    command.stdin.take().expect("its input").write_all(page.as_bytes()).expect("it reads");
    let output = command.wait_with_output().expect("it ends");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Some(if output.status.success() { text } else { format!("{}: {text}", output.status) })
}

#[tokio::test]
async fn promtool_finds_nothing_wrong_with_the_plain_page() {
    let directory = tempfile::tempdir().expect("a directory");
    let proxy = Proxy::start(Store::sqlite(directory.path()).under(Settings::mock())).await;
    proxy.client.send(&mails::plain()).await.expect(200);
    let metrics = proxy.client.metrics().await;
    if let Some(found) = promtool_finds(&metrics.page) {
        assert_eq!(found, "", "{}", metrics.page);
        let planted = metrics.page.replace("smsp_panics_total", "smsp_panics");
        assert!(promtool_finds(&planted).is_some_and(|found| found.contains("smsp_panics")), "a control");
    }
}
