//! The manifests of `k8s/`, as kubectl renders them: smsp takes the environment of each pod, and no pod is killed before the
//! time is over that its settings give it to end. `scripts/check` holds them against the schemas of Kubernetes.

use std::process::Command;

use crate::harness::repository::{read, root};
use crate::harness::{Settings, run, tool};

const OVERLAYS: [&str; 4] = ["local", "production", "sqlite", "postgres"];
/// A process waits so long for the last lines of its log, once all else has ended.
const LAST_LINES: u64 = 1;

/// An overlay as it would be applied; none, which is counted, without kubectl.
fn rendered(overlay: &str) -> Option<String> {
    if !tool::is_here("kubectl", "kubectl") {
        return None;
    }
    let output = Command::new("kubectl").arg("kustomize").arg(root().join("k8s/overlays").join(overlay)).output();
    let output = output.expect("kubectl can be started");
    assert!(output.status.success(), "{overlay}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("YAML is text"))
}

/// The values behind this key, in order, without quotes.
fn values<'a>(rendered: &'a str, key: &'a str) -> Vec<&'a str> {
    let value = move |line: &'a str| line.trim_start().trim_start_matches("- ").strip_prefix(key)?.strip_prefix(": ");
    rendered.lines().filter_map(value).map(|value| value.trim_matches('"')).collect()
}

/// The environment of the pod, with what its Secrets have, as the heads of the files tell to make them.
fn environment(overlay: &str, rendered: &str) -> Settings {
    let mut settings = Settings::empty();
    let mut name = "";
    for line in rendered.lines().map(str::trim_start) {
        let line = line.trim_start_matches("- ");
        match line.split_once(": ") {
            Some(("name", variable)) => name = variable,
            Some(("value", value)) if name.starts_with("SMSP_") => {
                settings = settings.with(name, value.trim_matches('"'))
            }
            Some((name, value)) if name.starts_with("SMSP_") => settings = settings.with(name, value.trim_matches('"')),
            _ => {}
        }
    }
    secrets(overlay).iter().fold(settings, |settings, name| settings.with(name, secret(name)))
}

/// The names that the heads of the files give to the Secrets of an overlay.
fn secrets(overlay: &str) -> Vec<String> {
    let files: &[&str] = match overlay {
        "local" => &[],
        "production" => &["overlays/production"],
        "sqlite" => &["overlays/production", "components/sqlite"],
        _ => &["overlays/production", "components/postgres"],
    };
    let text: String = files.iter().map(|file| read(&root().join(format!("k8s/{file}/kustomization.yaml")))).collect();
    let name = |line: &str| {
        let literal = line.split_once("--from-literal=").map(|(_, rest)| rest);
        let variable = literal.or_else(|| line.strip_prefix("#   ").filter(|line| line.starts_with("SMSP_")))?;
        variable.split_once('=').map(|(name, _)| name.to_owned())
    };
    text.lines().filter_map(name).collect()
}

fn secret(name: &str) -> &'static str {
    match name {
        "SMSP_ADMIN_KEYS" => "ada:operator:a-key",
        "SMSP_STORE" => "postgres://smsp:PASSWORD@db.example.org/smsp",
        "SMSP_STORE_KEY" => "2026a:4242424242424242424242424242424242424242424242424242424242424242",
        "SMSP_POLL_MESSAGE_ADDRESS" => "probes@example.org",
        _ => "value.example.org",
    }
}

/// The seconds of a setting that `check-config` prints.
fn seconds(printed: &str, name: &str) -> u64 {
    let value = printed.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let seconds = value.and_then(|value| value.strip_suffix('s')?.parse().ok());
    seconds.unwrap_or_else(|| panic!("no seconds of {name}: {printed}"))
}

#[tokio::test]
async fn smsp_takes_the_environment_of_each_overlay_and_each_pod_has_its_time_to_end() {
    for overlay in OVERLAYS {
        let Some(rendered) = rendered(overlay) else { return };
        let output = run(&["check-config"], &environment(overlay, &rendered)).await;
        assert_eq!(output.code, Some(0), "{overlay}: {output:?}");
        let of = |name| seconds(&output.stdout, name);
        let mail_of_callers = of("SMSP_DRAIN_DELAY") + of("SMSP_DRAIN_DEADLINE");
        let has_outbox = output.stdout.contains("\nSMSP_OUTBOX=on\n");
        assert_eq!(has_outbox, ["sqlite", "postgres"].contains(&overlay), "{overlay}");
        // Both begin with the signal.
        let needed = mail_of_callers.max(if has_outbox { of("SMSP_OUTBOX_DRAIN") } else { 0 }) + LAST_LINES;
        let given = values(&rendered, "terminationGracePeriodSeconds");
        let [given] = given[..] else { panic!("{overlay}: {given:?}") };
        assert!(given.parse::<u64>().is_ok_and(|given| given > needed), "{overlay}: {given} s, and {needed} s needed");
    }
}

#[test]
fn a_sqlite_store_has_one_pod_which_ends_before_the_next_one_starts_and_no_second_one_mounts_its_volume() {
    let Some(rendered) = rendered("sqlite") else { return };
    let kinds = values(&rendered, "kind");
    assert!(kinds.contains(&"StatefulSet"), "{kinds:?}");
    assert!(!kinds.contains(&"Deployment") && !kinds.contains(&"PodDisruptionBudget"), "{kinds:?}");
    assert_eq!(values(&rendered, "replicas"), ["1"]);
    // A StatefulSet makes no pod before the one of the same name has gone; a Deployment's words would let it.
    assert!(!rendered.contains("maxSurge") && !rendered.contains("podManagementPolicy: Parallel"), "{rendered}");
    assert!(rendered.contains("\n      - ReadWriteOncePod\n"), "{rendered}");
    assert!(rendered.contains("mountPath: /var/lib/smsp") && rendered.contains("value: sqlite:/var/lib/smsp"));
    assert!(rendered.contains("secretRef:\n            name: smsp-store"), "{rendered}");
}

#[test]
fn a_postgres_store_leaves_the_deployment_as_it_is_and_takes_its_url_from_a_secret() {
    let (Some(with), Some(without)) = (rendered("postgres"), rendered("production")) else { return };
    for key in ["kind", "replicas", "maxSurge", "maxUnavailable", "minAvailable"] {
        let expected: Vec<_> = values(&without, key);
        assert_eq!(values(&with, key), expected, "{key}");
    }
    assert!(values(&with, "replicas").iter().all(|replicas| *replicas == "3"));
    assert!(with.contains("secretRef:\n            name: smsp-store") && !with.contains("SMSP_STORE"), "{with}");
    assert!(with.contains("- port: 5432") && !without.contains("- port: 5432"), "the network policy");
}
