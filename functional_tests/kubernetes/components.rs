//! The components: each renders upon an overlay without a store, and upon that with one pod, where it fits.

use super::environment::Environment;
use super::manifests::{Manifests, Rendered, components};
use crate::harness::run;

/// Those that change the number of pods or their store, so only one of them fits.
const FOR_ITSELF: [&str; 3] = ["hpa", "postgres", "sqlite"];

/// The one object that makes pods.
fn workload(rendered: &Rendered) -> Rendered {
    let is_one = |name: &String| ["Deployment/smsp", "StatefulSet/smsp"].contains(&name.as_str());
    let found: Vec<_> = rendered.names().into_iter().filter(is_one).collect();
    let [name] = &found[..] else { panic!("{:?}", rendered.names()) };
    rendered.one(name)
}

#[tokio::test]
async fn each_component_renders_upon_an_overlay_and_changes_it_and_smsp_takes_its_environment() {
    let Some(manifests) = Manifests::copy() else { return };
    let components = components();
    assert!(components.len() >= 7, "{components:?}");
    let upon_sqlite = components.iter().filter(|name| !FOR_ITSELF.contains(&name.as_str()));
    let pairs = components.iter().map(|name| ("production", name)).chain(upon_sqlite.map(|name| ("sqlite", name)));
    for (overlay, component) in pairs {
        let (without, with) = (manifests.overlay(overlay), manifests.with(overlay, &[component], ""));
        // The overlays have the keys already.
        assert!(component == "keys" || without.0 != with.0, "{component} changes nothing upon {overlay}");
        let of_secrets = if FOR_ITSELF[1..].contains(&component.as_str()) { component } else { overlay };
        let environment = Environment::of(of_secrets, &with);
        let output = run(&["check-config"], &environment.settings).await;
        assert_eq!(output.code, Some(0), "{component} upon {overlay}: {output:?}");
        workload(&with);
    }
}

#[test]
fn all_components_that_fit_together_render_upon_one_overlay() {
    let Some(manifests) = Manifests::copy() else { return };
    for (overlay, left_out) in [("production", &["sqlite"][..]), ("sqlite", &["hpa", "postgres", "sqlite"])] {
        let components = components();
        let fitting: Vec<_> = components.iter().map(String::as_str).filter(|name| !left_out.contains(name)).collect();
        let together = manifests.with(overlay, &fitting, "");
        for component in fitting {
            let alone = manifests.with(overlay, &[component], "");
            let missing: Vec<_> = alone.names().into_iter().filter(|name| !together.names().contains(name)).collect();
            assert!(missing.is_empty(), "{component} upon {overlay}: {missing:?}");
        }
    }
}

#[test]
fn an_autoscaled_deployment_has_no_replicas_and_scales_by_processor_time_of_a_request_that_is_no_noise() {
    let Some(manifests) = Manifests::copy() else { return };
    let rendered = manifests.with("production", &["hpa"], "");
    let deployment = workload(&rendered);
    assert_eq!(deployment.values("replicas"), Vec::<&str>::new());
    assert_eq!(deployment.values("cpu"), ["1", "500m"], "limit, request");
    let autoscaler = rendered.one("HorizontalPodAutoscaler/smsp");
    assert!(
        autoscaler.has("scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: smsp\n"),
        "{}",
        autoscaler.0
    );
    assert_eq!([autoscaler.values("minReplicas"), autoscaler.values("maxReplicas")], [["2"], ["6"]]);
    // One metric alone: the processor. Another type would be `Pods` or `External`.
    let types: Vec<_> = autoscaler.values("type").into_iter().filter(|kind| *kind != "Pods").collect();
    assert_eq!(types, ["Utilization", "Resource"], "{}", autoscaler.0);
    assert_eq!(autoscaler.values("averageUtilization"), ["70"]);
    assert!(!autoscaler.has("metricName") && autoscaler.has("  - resource:\n      name: cpu\n"), "{}", autoscaler.0);
}

#[test]
fn replicas_of_an_overlay_come_back_behind_the_autoscalers_component_as_its_head_warns() {
    let Some(manifests) = Manifests::copy() else { return };
    let overlay = |replicas: &str| {
        manifests.of(&format!("resources: [../../base]\ncomponents: [../../components/hpa]\n{replicas}"))
    };
    assert_eq!(workload(&overlay("")).values("replicas"), Vec::<&str>::new());
    assert_eq!(workload(&overlay("replicas: [{name: smsp, count: 3}]\n")).values("replicas"), ["3"]);
}
