//! The component of `k8s/` for the Prometheus operator and Grafana, in an overlay as kubectl renders it.

use std::fs;
use std::process::Command;

use crate::harness::repository::{read, root};
use crate::harness::tool;

/// An overlay with the component; none, which is counted, without kubectl.
fn rendered(overlay: &str) -> Option<String> {
    if !tool::is_here("kubectl", "kubectl") {
        return None;
    }
    // kustomize takes bases from elsewhere by a relative path alone.
    let directory = tempfile::tempdir_in(root().join("target")).expect("a temporary directory can be made");
    let text = format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../../k8s/overlays/{overlay}]\n\
         components: [../../k8s/components/monitoring]\n"
    );
    fs::write(directory.path().join("kustomization.yaml"), text).expect("it can be written");
    let output = Command::new("kubectl").arg("kustomize").arg(directory.path()).output().expect("kubectl starts");
    assert!(output.status.success(), "{overlay}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("YAML is text"))
}

#[test]
fn pods_of_each_overlay_are_scraped_once_at_their_admin_port_and_the_dashboard_is_found_by_its_label() {
    for overlay in ["production", "sqlite", "postgres"] {
        let Some(rendered) = rendered(overlay) else { return };
        assert!(!rendered.contains("prometheus.io/scrape"), "{overlay}: {rendered}");
        let objects: Vec<_> = rendered.split("\n---\n").collect();
        let of = |kind: &str| {
            let kind = format!("kind: {kind}\n");
            let found: Vec<_> = objects.iter().filter(|object| object.contains(&kind)).collect();
            found.first().map_or_else(|| panic!("{overlay}: no {kind}"), |object| (**object).to_owned())
        };
        let (monitor, rules) = (of("PodMonitor"), of("PrometheusRule"));
        assert!(monitor.contains("port: admin\n") && rendered.contains("name: admin\n"), "{monitor}");
        assert!(monitor.contains("matchLabels:\n      app.kubernetes.io/name: smsp"), "{monitor}");
        assert!(
            monitor.contains("jobLabel: app.kubernetes.io/name\n"),
            "documents and dashboard name it smsp: {monitor}"
        );
        let alerts = read(&root().join("alerts/smsp.yaml")).matches("- alert: ").count();
        assert_eq!(rules.matches("- alert: ").count() + rules.matches("  alert: ").count(), alerts, "{rules}");
        let dashboard = objects.iter().find(|object| object.contains("grafana_dashboard: \"1\""));
        let dashboard = dashboard.unwrap_or_else(|| panic!("{overlay}: no dashboard"));
        let has = |line: &str| dashboard.lines().any(|known| known == line);
        assert!(has("  name: smsp-dashboard") && has("  smsp.json: |"), "{dashboard}");
    }
}
