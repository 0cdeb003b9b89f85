//! The restore of a SQLite store: the commands of the document, typed with a `kubectl` that knows the `StatefulSet` of the overlay
//! and prints what would be applied. No cluster is asked.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::manifests::Manifests;
use crate::harness::repository::root;
use crate::harness::sections::Section;
use crate::harness::tool;

/// It answers to `get` and `apply` alone: any other command is a mistake of the test.
const KUBECTL: &str = "#!/bin/sh
case \"$*\" in
  '-n smsp get statefulset smsp --output=json') cat \"${0%/*}/set.json\" ;;
  '-n smsp apply --filename=-') cat ;;
  '-n smsp delete pvc store-smsp-0 --ignore-not-found' | '-n smsp wait '*) ;;
  *) echo \"$*\" >&2 && exit 1 ;;
esac
";

/// A folder with that `kubectl`, and the `StatefulSet`.
struct Cluster(TempDir, Value);

impl Cluster {
    /// None, which is counted, without kubectl or jq.
    fn of_the_overlay() -> Option<Self> {
        let manifests = Manifests::copy()?;
        if !tool::is_here("jq", "jq") {
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let [yaml, kubectl, set] = ["set.yaml", "kubectl", "set.json"].map(|name| folder.path().join(name));
        fs::write(&yaml, manifests.overlay("sqlite").one("StatefulSet/smsp").0).expect("it can be written");
        // It changes nothing but an annotation, and prints JSON without a cluster.
        let local = ["annotate", "--local", "of=a-test", "--output=json", "--filename"];
        let output = Command::new("kubectl").args(local).arg(&yaml).output().expect("kubectl starts");
        assert!(output.status.success(), "{output:?}");
        fs::write(set, &output.stdout).expect("it can be written");
        fs::write(&kubectl, KUBECTL).expect("it can be written");
        fs::set_permissions(&kubectl, fs::Permissions::from_mode(0o700)).expect("its mode can be set");
        Some(Self(folder, serde_json::from_slice(&output.stdout).expect("JSON")))
    }

    /// What a block of the section applies.
    fn applied_by(&self, block: usize) -> Value {
        let commands = &Section::of("docs/how-to/kubernetes.md", "Restore a SQLite store").blocks("sh")[block];
        let path = format!("{}:{}", self.0.path().display(), std::env::var("PATH").expect("a path"));
        let mut shell = Command::new("bash");
        shell.args(["-euo", "pipefail", "-c", commands]).env("PATH", path).current_dir(root());
        let output = shell.output().expect("bash starts");
        assert!(output.status.success() && output.stderr.is_empty(), "{commands}{output:?}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }
}

/// The members of these names.
fn only(of: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| ((*name).to_owned(), of[*name].clone())).collect::<serde_json::Map<_, _>>().into()
}

#[test]
fn a_lost_volume_is_made_anew_under_the_name_that_the_stateful_set_gives_it() {
    let Some(cluster) = Cluster::of_the_overlay() else { return };
    let (claim, template) = (cluster.applied_by(1), &cluster.1["spec"]["volumeClaimTemplates"][0]);
    assert_eq!(template["metadata"]["name"], "store");
    assert_eq!(claim["metadata"]["name"], "store-smsp-0");
    let names = ["apiVersion", "kind", "spec"];
    assert_eq!(only(&claim, &names), only(template, &names));
}

#[test]
fn a_store_is_restored_in_a_pod_with_the_nodes_image_account_environment_and_volumes_and_a_shell_in_its_place() {
    let Some(cluster) = Cluster::of_the_overlay() else { return };
    let (pod, set) = (cluster.applied_by(2), &cluster.1["spec"]["template"]["spec"]);
    assert_eq!((&pod["kind"], &pod["metadata"]), (&json!("Pod"), &json!({"name": "smsp-restore"})), "no labels");
    let (spec, node, here) = (&pod["spec"], &set["containers"][0], &pod["spec"]["containers"][0]);
    let account = ["securityContext", "automountServiceAccountToken", "enableServiceLinks"];
    assert_eq!(only(spec, &account), only(set, &account));
    assert_eq!(spec["securityContext"]["fsGroup"], 65532);
    let of_the_node = ["image", "imagePullPolicy", "envFrom", "securityContext", "resources"];
    assert_eq!(only(here, &of_the_node), only(node, &of_the_node));
    let is_ours = |variable: &&Value| variable["name"] != "PATH";
    let environment = here["env"].as_array().expect("variables").iter().filter(is_ours).cloned().collect::<Vec<_>>();
    assert_eq!(Value::from(environment), node["env"]);
    assert!(here["volumeMounts"].to_string().contains(r#"{"mountPath":"/var/lib/smsp","name":"store"}"#), "{here}");
    let volumes = spec["volumes"].to_string();
    assert!(volumes.contains(r#"{"name":"store","persistentVolumeClaim":{"claimName":"store-smsp-0"}}"#), "{volumes}");
    assert!(volumes.contains(r#""secretName":"smsp-keys""#), "{volumes}");
    // Nothing listens here, and the node must not run.
    assert_eq!(here["command"][0], "/tools/busybox");
    let absent = ["livenessProbe", "readinessProbe", "startupProbe", "ports", "args"];
    assert!(absent.iter().all(|name| here.get(name).is_none()), "{here}");
    assert_eq!(
        (&spec["restartPolicy"], &spec["initContainers"][0]["securityContext"]),
        (&json!("Never"), &node["securityContext"])
    );
}
