//! The keys of callers and admins are files of a Secret, which is mounted so that a change of it arrives.

use super::manifests::{Manifests, components};
use crate::harness::repository::{files, read, root};

#[test]
fn keys_are_files_of_a_secret_that_is_mounted_as_a_folder() {
    let Some(manifests) = Manifests::copy() else { return };
    for overlay in ["production", "sqlite", "postgres"] {
        let rendered = manifests.overlay(overlay);
        for (variable, file) in [("SMSP_API_KEYS_FILE", "/keys/callers"), ("SMSP_ADMIN_KEYS_FILE", "/keys/admins")] {
            assert!(rendered.has(&format!("- name: {variable}\n          value: {file}\n")), "{overlay}: {variable}");
        }
        let mount = "- mountPath: /keys\n          name: keys\n          readOnly: true\n";
        assert!(rendered.has(mount), "{overlay}: {}", rendered.0);
        let volume = "- name: keys\n        secret:\n          secretName: smsp-keys\n";
        assert!(rendered.has(volume), "{overlay}: {}", rendered.0);
        assert!(!rendered.has("SMSP_API_KEY\n") && !rendered.has("SMSP_ADMIN_KEYS\n"), "{overlay}");
    }
}

#[test]
fn no_manifest_mounts_a_single_file_which_would_never_be_updated() {
    let Some(manifests) = Manifests::copy() else { return };
    for component in components() {
        assert!(!manifests.with("production", &[&component], "").has("subPath"), "{component}");
    }
}

#[test]
fn the_command_that_makes_the_secret_names_the_files_that_smsp_reads() {
    let heads = ["k8s/components/keys/kustomization.yaml", "k8s/overlays/production/kustomization.yaml"];
    let command = "kubectl -n smsp create secret generic smsp-keys --from-file=callers --from-file=admins";
    for path in heads {
        assert!(read(&root().join(path)).contains(&format!("#   {command}\n")), "{path}");
    }
    assert!(read(&root().join("docs/how-to/kubernetes.md")).contains(command));
    // Keys in variables would need a restart.
    let of_callers = |path: &std::path::Path| !path.to_string_lossy().contains("overlays/local");
    for path in files("k8s", of_callers) {
        assert!(!read(&path).contains("SMSP_API_KEY="), "{}", path.display());
    }
}
