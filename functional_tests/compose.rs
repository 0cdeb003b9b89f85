//! `compose.yaml`: smsp starts with exactly the environment that stands there, and sends; only the relay is a stub.

use crate::harness::repository::{read, root};
use crate::harness::stub_relay::StubRelay;
use crate::harness::{Proxy, Settings, run};

/// The file without its comments.
fn lines() -> Vec<String> {
    let file = read(&root().join("compose.yaml"));
    file.lines().filter(|line| !line.trim_start().starts_with('#')).map(str::to_owned).collect()
}

/// What is listed under a key of this name, in all services, each without indentation and quotes.
fn under(key: &str) -> Vec<String> {
    let (mut found, mut is_under) = (Vec::new(), false);
    for line in lines() {
        let depth = line.len() - line.trim_start().len();
        if depth <= 4 {
            is_under = line.trim() == format!("{key}:");
        } else if is_under {
            found.push(line.trim().replace('"', ""));
        }
    }
    assert!(!found.is_empty(), "nothing under {key}");
    found
}

/// The environment of smsp.
fn environment() -> Settings {
    let pairs = under("environment");
    let pairs = pairs.iter().map(|pair| pair.split_once(": ").unwrap_or_else(|| panic!("no value in {pair}")));
    pairs.fold(Settings::empty(), |all, (name, value)| all.with(name, value))
}

#[tokio::test]
async fn the_environment_of_compose_is_valid_and_warns_of_nothing_but_the_default_drain_deadline() {
    let output = run(&["check-config", "--changed"], &environment()).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let warnings: Vec<_> = output.stderr.lines().collect();
    assert!(warnings.iter().all(|line| line.starts_with("warning: SMSP_DRAIN_DEADLINE: is 20s")), "{warnings:#?}");
    assert!(output.stdout.ends_with("# ok: smtp (smtp)"), "{output:?}");
    assert!(!output.stdout.contains("no keys are set"), "{output:?}");
}

#[tokio::test]
async fn the_environment_of_compose_sends_the_example_to_its_relay_and_shows_its_circuit() {
    let stub = StubRelay::start().await;
    let here = environment().with("SMSP_SMTP_HOST", "127.0.0.1").with("SMSP_SMTP_PORT", &stub.port());
    let here = here.with("SMSP_HOST", "127.0.0.1").with("SMSP_PORT", "0");
    let here = here.with("SMSP_ADMIN_HOST", "127.0.0.1").with("SMSP_ADMIN_PORT", "0");
    let proxy = Proxy::start(here.with("SMSP_LOG_OUTPUT_FORMAT", "JSON_ONELINE")).await;
    let example = read(&root().join("openapi/examples/email.json"));
    proxy.client.post_raw(example, &[]).await.expect(200).expect_attempts(&["smtp:accepted"]);
    assert!(stub.dialogue().contains("\nSubject: Note G\n"), "{}", stub.dialogue());
    let comment = read(&root().join("compose.yaml"));
    let (_, rest) = comment.split_once("X-ADMIN-KEY: ").expect("the comment shows the admin key");
    let key = rest.split('"').next().unwrap_or_default();
    let circuits = reqwest::Client::builder().no_proxy().build().expect("a client");
    let circuits = circuits.get(format!("http://{}/circuits", proxy.ops)).header("x-admin-key", key).send().await;
    assert_eq!(circuits.expect("an answer").status(), 200);
}

#[test]
fn compose_publishes_the_default_ports_on_loopback_alone_and_pins_its_images() {
    let ports = under("ports");
    let wanted = ["- 127.0.0.1:8080:8080", "- 127.0.0.1:9090:9090", "- 127.0.0.1:8025:8025"];
    assert_eq!(ports, wanted);
    let images: Vec<_> = lines().into_iter().filter(|line| line.trim().starts_with("image:")).collect();
    let is_pinned = |line: &String| line.split(":v").nth(1).is_some_and(|tag| tag.matches('.').count() == 2);
    assert!(!images.is_empty() && images.iter().all(is_pinned), "{images:?}");
}
