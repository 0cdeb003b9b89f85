//! The overlays: smsp takes the environment of each pod, and has the time to end that its settings ask for.

use super::environment::Environment;
use super::manifests::Manifests;
use crate::harness::run;

const OVERLAYS: [&str; 4] = ["local", "production", "sqlite", "postgres"];
/// A process waits so long for the last lines of its log, once all else has ended.
const LAST_LINES: u64 = 1;

/// The seconds of a setting that `check-config` prints.
fn seconds(printed: &str, name: &str) -> u64 {
    let value = printed.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let seconds = value.and_then(|value| value.strip_suffix('s')?.parse().ok());
    seconds.unwrap_or_else(|| panic!("no seconds of {name}: {printed}"))
}

#[tokio::test]
async fn smsp_takes_the_environment_of_each_overlay_and_each_pod_has_its_time_to_end() {
    let Some(manifests) = Manifests::copy() else { return };
    for overlay in OVERLAYS {
        let rendered = manifests.overlay(overlay);
        let environment = Environment::of(overlay, &rendered);
        let output = run(&["check-config"], &environment.settings).await;
        assert_eq!(output.code, Some(0), "{overlay}: {output:?}");
        let of = |name| seconds(&output.stdout, name);
        let mail_of_callers = of("SMSP_DRAIN_DELAY") + of("SMSP_DRAIN_DEADLINE");
        let has_outbox = output.stdout.contains("\nSMSP_OUTBOX=on\n");
        assert_eq!(has_outbox, ["sqlite", "postgres"].contains(&overlay), "{overlay}");
        // Both begin with the signal.
        let needed = mail_of_callers.max(if has_outbox { of("SMSP_OUTBOX_DRAIN") } else { 0 }) + LAST_LINES;
        let given = rendered.values("terminationGracePeriodSeconds");
        let [given] = given[..] else { panic!("{overlay}: {given:?}") };
        assert!(given.parse::<u64>().is_ok_and(|given| given > needed), "{overlay}: {given} s, and {needed} s needed");
    }
}

#[test]
fn a_sqlite_store_has_one_pod_which_ends_before_the_next_one_starts_and_no_second_one_mounts_its_volume() {
    let Some(manifests) = Manifests::copy() else { return };
    let rendered = manifests.overlay("sqlite");
    let kinds = rendered.values("kind");
    assert!(kinds.contains(&"StatefulSet"), "{kinds:?}");
    assert!(!kinds.contains(&"Deployment") && !kinds.contains(&"PodDisruptionBudget"), "{kinds:?}");
    assert_eq!(rendered.values("replicas"), ["1"]);
    // A StatefulSet makes no pod before the one of the same name has gone; a Deployment's words would let it.
    assert!(!rendered.has("maxSurge") && !rendered.has("podManagementPolicy: Parallel"), "{}", rendered.0);
    assert!(rendered.has("\n      - ReadWriteOncePod\n"), "{}", rendered.0);
    assert!(rendered.has("mountPath: /var/lib/smsp") && rendered.has("value: sqlite:/var/lib/smsp"));
    assert!(rendered.has("secretRef:\n            name: smsp-store"), "{}", rendered.0);
}

#[test]
fn a_postgres_store_leaves_the_deployment_as_it_is_and_takes_its_url_from_a_secret() {
    let Some(manifests) = Manifests::copy() else { return };
    let [with, without] = ["postgres", "production"].map(|overlay| manifests.overlay(overlay));
    for key in ["replicas", "maxSurge", "maxUnavailable", "minAvailable"] {
        assert_eq!(with.values(key), without.values(key), "{key}");
    }
    let names: Vec<_> = with.names().into_iter().filter(|name| name != "NetworkPolicy/smsp-postgres").collect();
    assert_eq!(names, without.names());
    assert!(with.values("replicas").iter().all(|replicas| *replicas == "3"));
    assert!(with.has("secretRef:\n            name: smsp-store") && !with.has("SMSP_STORE"), "{}", with.0);
}
