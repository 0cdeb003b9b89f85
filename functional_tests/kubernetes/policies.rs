//! Network policies: the base lets little out, each component opens one thing more, and the comments show how to narrow it.

use super::manifests::{Manifests, Rendered, components};
use crate::harness::repository::{read, root};
use crate::harness::sections::Section;

/// Components that open something, with their ports.
const OPENING: [(&str, &[&str]); 5] = [
    ("smtp-relay", &["587", "465", "25"]),
    ("mx", &["25"]),
    ("other-dns", &["53", "53", "5353", "5353"]),
    ("tracing", &["4318"]),
    ("postgres", &["5432"]),
];

fn policy(component: &str) -> String {
    format!("NetworkPolicy/smsp-{component}")
}

/// What a policy lets out: everything up to the next key of it.
fn egress(policy: &Rendered) -> String {
    let (_, rest) = policy.0.split_once("\n  egress:\n").expect("a policy of egress");
    let egress = rest.lines().take_while(|line| line.starts_with("  - ") || line.starts_with("   "));
    egress.map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_base_lets_out_dns_and_https_alone() {
    let Some(manifests) = Manifests::copy() else { return };
    let base = manifests.overlay("production").one("NetworkPolicy/smsp");
    assert_eq!(Rendered(egress(&base)).values("port"), ["53", "53", "443"]);
}

#[test]
fn each_component_that_opens_something_has_a_policy_of_its_own_for_the_same_pods_and_closes_nothing() {
    let Some(manifests) = Manifests::copy() else { return };
    let base = manifests.overlay("production").one("NetworkPolicy/smsp");
    for (component, ports) in OPENING {
        let rendered = manifests.with("production", &[component], "");
        assert_eq!(rendered.one("NetworkPolicy/smsp").0, base.0, "{component} leaves the base alone");
        let policy = rendered.one(&policy(component));
        assert_eq!(Rendered(egress(&policy)).values("port"), ports, "{component}");
        let selector = "  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: smsp\n";
        assert!(policy.has(selector) && base.has(selector), "{component}: {}", policy.0);
        // Ingress among the types would shut callers out, as the policy lets nobody in.
        assert!(policy.0.trim_end().ends_with("  policyTypes:\n  - Egress"), "{component}: {}", policy.0);
    }
}

#[test]
fn the_base_says_what_it_cuts_off_and_names_the_component_that_opens_it() {
    let base = read(&root().join("k8s/base/networkpolicy.yaml"));
    for component in components() {
        let opens = root().join(format!("k8s/components/{component}/networkpolicy.yaml")).exists();
        assert_eq!(opens, OPENING.iter().any(|(name, _)| *name == component), "{component}");
        assert_eq!(opens, base.contains(&format!("#   components/{component} ")), "{component}");
    }
}

#[test]
fn a_relay_is_reached_on_the_internet_and_not_in_the_cluster_as_long_as_nobody_says_so() {
    let Some(manifests) = Manifests::copy() else { return };
    let rendered = manifests.with("production", &["smtp-relay"], "");
    let [base, relay] = ["NetworkPolicy/smsp", "NetworkPolicy/smsp-smtp-relay"].map(|name| egress(&rendered.one(name)));
    let addresses = |egress: &str| egress.rsplit_once("to:\n").expect("addresses").1.to_owned();
    assert_eq!(addresses(&relay), addresses(&base), "no private range, no link-local one");
}

#[test]
fn the_collector_of_traces_is_in_the_namespace_and_at_the_port_that_its_policy_opens() {
    let Some(manifests) = Manifests::copy() else { return };
    let rendered = manifests.with("production", &["tracing"], "");
    let policy = egress(&rendered.one(&policy("tracing")));
    let [endpoint] = rendered.values("OTEL_EXPORTER_OTLP_ENDPOINT")[..] else { panic!("no endpoint: {}", rendered.0) };
    let (host, port) = endpoint.strip_prefix("http://").and_then(|host| host.split_once(':')).expect("host and port");
    let namespace = host.split('.').nth(1).expect("a Service and its namespace");
    assert!(policy.contains(&format!("kubernetes.io/metadata.name: {namespace}\n")), "{policy}");
    assert!(policy.contains(&format!("- port: {port}\n")), "{policy}");
    assert!(rendered.has("configMapRef:\n            name: smsp-tracing-"), "with the hash of its content");
}

/// What a comment shows to be written into an overlay: its patches, up to the next empty line.
fn shown(text: &str) -> Vec<String> {
    let comments = text.lines().map(|line| line.strip_prefix("#   ").unwrap_or_default());
    let blocks = comments.collect::<Vec<_>>();
    let blocks = blocks.split(|line| line.is_empty()).filter(|block| !block.is_empty());
    let blocks = blocks.filter(|block| block[0] == "patches:");
    blocks.map(|block| block.join("\n") + "\n").collect()
}

#[test]
fn what_comments_show_for_an_overlay_can_be_written_there_and_does_what_they_say() {
    let Some(manifests) = Manifests::copy() else { return };
    for (component, _) in OPENING {
        let folder = root().join("k8s/components").join(component);
        let texts = ["networkpolicy.yaml", "kustomization.yaml"].map(|file| read(&folder.join(file)));
        let blocks: Vec<_> = texts.iter().flat_map(|text| shown(text)).collect();
        assert!(!blocks.is_empty(), "{component} does not show how to narrow it");
        for block in blocks {
            let [as_it_is, changed] = ["", block.as_str()].map(|more| manifests.with("production", &[component], more));
            assert_ne!(as_it_is.0, changed.0, "{component}: {block}");
            let mut words = block.split(['"', ' ', '{', '}', '[', ']', ',', '\n']);
            let address = words.find(|word| word.contains("/32") || word.contains("http:") || *word == "tracing");
            let address = address.unwrap_or_else(|| panic!("no address in {block}"));
            let line = format!(" {address}\n");
            assert!(changed.has(&line) && !as_it_is.has(&line), "{component}: {}", changed.0);
        }
    }
}

#[test]
fn the_overlay_of_the_document_renders_with_the_patches_that_it_shows() {
    let Some(manifests) = Manifests::copy() else { return };
    let [overlay, patches] = ["Components", "What the network policy lets through"].map(|heading| {
        let blocks = Section::of("docs/how-to/kubernetes.md", heading).indented("yaml");
        let [block] = &blocks[..] else { panic!("{heading}: {blocks:?}") };
        block.clone()
    });
    let rendered = manifests.of(&(overlay + &patches));
    let relay = egress(&rendered.one(&policy("smtp-relay")));
    assert_eq!(relay, "  - ports:\n    - port: 587\n    to:\n    - ipBlock:\n        cidr: 10.0.0.25/32\n");
    let proxy = "  - ports:\n    - port: 3128\n    to:\n    - ipBlock:\n        cidr: 10.0.0.30/32\n";
    assert!(egress(&rendered.one("NetworkPolicy/smsp")).ends_with(proxy), "{}", rendered.0);
    rendered.one("HorizontalPodAutoscaler/smsp");
}
