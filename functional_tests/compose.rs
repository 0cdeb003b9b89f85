//! `compose.yaml`: smsp starts with exactly the environment that stands there, sends at once and later; only the relay and the
//! server of the database are the test's own.

use crate::harness::outbox::{becomes, id};
use crate::harness::postmaster::Postmaster;
use crate::harness::repository::{read, root};
use crate::harness::stub_relay::StubRelay;
use crate::harness::{Client, Proxy, Settings, run};

/// The file without its comments.
fn lines() -> Vec<String> {
    let file = read(&root().join("compose.yaml"));
    file.lines().filter(|line| !line.trim_start().starts_with('#')).map(str::to_owned).collect()
}

/// What is listed under a key of this name, with its service, each without indentation and quotes.
fn under(key: &str) -> Vec<(String, String)> {
    let (mut found, mut is_under, mut service) = (Vec::new(), false, String::new());
    for line in lines() {
        let depth = line.len() - line.trim_start().len();
        if depth == 2 {
            service = line.trim().trim_end_matches(':').to_owned();
        }
        if depth <= 4 {
            is_under = line.trim() == format!("{key}:");
        } else if is_under {
            found.push((service.clone(), line.trim().replace('"', "")));
        }
    }
    assert!(!found.is_empty(), "nothing under {key}");
    found
}

/// The value of this key of a service.
fn value(service: &str, key: &str) -> String {
    let lines = lines();
    let of_service = lines.iter().skip_while(|line| **line != format!("  {service}:")).skip(1);
    let mut of_service = of_service.take_while(|line| !line.is_empty());
    let value = of_service.find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": "));
    value.unwrap_or_else(|| panic!("{service} has no {key}")).to_owned()
}

/// The environment of a service.
fn environment(of: &str) -> Settings {
    let pairs = under("environment");
    let pairs = pairs.iter().filter(|(service, _)| service == of);
    let pairs = pairs.map(|(_, pair)| pair.split_once(": ").unwrap_or_else(|| panic!("no value in {pair}")));
    pairs.fold(Settings::empty(), |all, (name, value)| all.with(name, value))
}

/// That of smsp, in front of this relay, on addresses of the test.
fn here(relay: &StubRelay) -> Settings {
    let here = environment("smsp").with("SMSP_SMTP_HOST", "127.0.0.1").with("SMSP_SMTP_PORT", &relay.port());
    let here = here.with("SMSP_HOST", "127.0.0.1").with("SMSP_PORT", "0");
    let here = here.with("SMSP_ADMIN_HOST", "127.0.0.1").with("SMSP_ADMIN_PORT", "0");
    here.with("SMSP_LOG_OUTPUT_FORMAT", "JSON_ONELINE")
}

fn example() -> String {
    read(&root().join("openapi/examples/email.json"))
}

#[tokio::test]
async fn the_environment_of_compose_is_valid_and_warns_of_nothing_but_the_default_drain_deadline() {
    let output = run(&["check-config", "--changed"], &environment("smsp")).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let warnings: Vec<_> = output.stderr.lines().collect();
    assert!(warnings.iter().all(|line| line.starts_with("warning: SMSP_DRAIN_DEADLINE: is 20s")), "{warnings:#?}");
    assert!(output.stdout.ends_with("# ok: smtp (smtp)"), "{output:?}");
    assert!(!output.stdout.contains("no keys are set"), "{output:?}");
    assert!(output.stdout.contains("\nSMSP_OUTBOX=on\nSMSP_OUTBOX_FALLBACK=true\n"), "{output:?}");
}

#[tokio::test]
async fn the_environment_of_compose_sends_the_example_to_its_relay_and_shows_its_circuit() {
    let stub = StubRelay::start().await;
    // The database is not there yet.
    let proxy =
        Proxy::start(here(&stub).with("SMSP_STORE", "postgres://smsp:x@127.0.0.1:1/smsp?sslmode=disable")).await;
    proxy.client.post_raw(example(), &[]).await.expect(200).expect_attempts(&["smtp:accepted"]);
    assert!(stub.dialogue().contains("\nSubject: Note G\n"), "{}", stub.dialogue());
    let comment = read(&root().join("compose.yaml"));
    for rest in comment.split("X-ADMIN-KEY: ").skip(1) {
        let (key, rest) = rest.split_once('"').expect("the comment shows the admin key");
        let path = rest.lines().next().and_then(|url| url.trim().strip_prefix("http://localhost:9090"));
        let url = format!("http://{}{}", proxy.ops, path.expect("and what it opens"));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let answer = client.get(url).header("x-admin-key", key).send().await.expect("an answer");
        // Without its store the outbox cannot be counted.
        assert!([200, 503].contains(&answer.status().as_u16()), "{answer:?}");
    }
}

#[tokio::test]
async fn the_environment_of_compose_sends_from_an_outbox_in_postgres() {
    let Some(server) = Postmaster::shared() else { return };
    let stub = StubRelay::start().await;
    let (database, url) = (environment("postgres"), value("smsp", "SMSP_STORE"));
    let of = |name: &str| database.pairs().find(|(key, _)| *key == name).expect("a value").1.clone();
    let expected =
        format!("postgres://{}:{}@postgres/smsp?sslmode=disable", of("POSTGRES_USER"), of("POSTGRES_PASSWORD"));
    assert_eq!(url, expected, "the user of the server, and the database that has its name");
    let proxy = Proxy::start(here(&stub).with("SMSP_STORE", &server.url(&server.database().await))).await;
    let client = Client::new(&format!("http://{}", proxy.api), "local-key");
    let accepted = client.post_to("/outbox", example(), &[]).await.expect(202);
    becomes(&client, &id(&accepted), "accepted").await;
    assert!(stub.dialogue().contains("\nSubject: Note G\n"), "{}", stub.dialogue());
}

#[tokio::test]
async fn mail_is_202_while_the_relay_of_compose_is_stopped_and_is_sent_once_it_is_back_as_its_head_says() {
    let Some(server) = Postmaster::shared() else { return };
    let head = read(&root().join("compose.yaml"));
    assert!(head.contains("While the relay is stopped (`docker compose stop mailpit`) the answer is 202"), "{head}");
    let stub = StubRelay::start().await;
    let settings = here(&stub).with("SMSP_STORE", &server.url(&server.database().await));
    let proxy = Proxy::start(settings.with("SMSP_OUTBOX_RETRY", "1s")).await;
    let client = Client::new(&format!("http://{}", proxy.api), "local-key");
    let port = stub.port();
    drop(stub);
    let queued = client.post_to("/email", example(), &[]).await.expect(202).expect_attempts(&["smtp:unavailable"]);
    let stub = StubRelay::again_at(&port).await;
    becomes(&client, &id(&queued), "accepted").await;
    assert_eq!(stub.dialogue().matches("\nSubject: Note G\n").count(), 1, "{}", stub.dialogue());
}

#[tokio::test]
async fn compose_gives_smsp_more_time_to_end_than_its_settings_do() {
    let output = run(&["check-config"], &environment("smsp")).await;
    let seconds = |text: &str| text.strip_suffix('s').and_then(|text| text.parse::<u64>().ok());
    let of = |name: &str| {
        let value = output.stdout.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.and_then(seconds).unwrap_or_else(|| panic!("no {name}: {output:?}"))
    };
    let needed = of("SMSP_OUTBOX_DRAIN").max(of("SMSP_DRAIN_DELAY") + of("SMSP_DRAIN_DEADLINE"));
    let given = value("smsp", "stop_grace_period");
    // And the last second for its log.
    assert!(seconds(&given).is_some_and(|given| given > needed + 1), "{given}, and {needed} s needed");
}

#[test]
fn compose_publishes_the_default_ports_on_loopback_alone_and_pins_its_images() {
    let ports: Vec<_> = under("ports").into_iter().map(|(_, port)| port).collect();
    let wanted = ["- 127.0.0.1:8080:8080", "- 127.0.0.1:9090:9090", "- 127.0.0.1:8025:8025"];
    assert_eq!(ports, wanted);
    let images = ["mailpit", "postgres"].map(|service| value(service, "image"));
    let is_pinned = |image: &String| image.rsplit(':').next().is_some_and(|tag| tag.contains('.') && tag != *image);
    assert!(images.iter().all(is_pinned), "{images:?}");
    assert!(images[1].starts_with("postgres:15."), "the version that the tests run");
}
