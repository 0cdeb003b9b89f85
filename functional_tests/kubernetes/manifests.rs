//! A copy of `k8s/` in which tests write overlays of their own, and what kubectl makes of them.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::repository::{files, read, root};
use crate::harness::tool;

/// A copy of the folder.
pub(super) struct Manifests(TempDir);

impl Manifests {
    /// None, which is counted, without kubectl.
    pub(super) fn copy() -> Option<Self> {
        if !tool::is_here("kubectl", "kubectl") {
            return None;
        }
        let copy = Self(TempDir::new().expect("a temporary folder can be made"));
        for path in files("k8s", |_| true) {
            copy.write(path.strip_prefix(root()).expect("a file of the repository"), &read(&path));
        }
        Some(copy)
    }

    fn write(&self, path: &Path, text: &str) {
        let path = self.0.path().join(path);
        let folder = path.parent().expect("a file is in a folder");
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, text)).expect("a temporary file can be written");
    }

    /// An overlay as it would be applied.
    pub(super) fn overlay(&self, name: &str) -> Rendered {
        let output =
            Command::new("kubectl").arg("kustomize").arg(self.0.path().join("k8s/overlays").join(name)).output();
        let output = output.expect("kubectl can be started");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        Rendered(String::from_utf8(output.stdout).expect("YAML is text"))
    }

    /// An overlay of this text. Its neighbours are `../production` and the like.
    pub(super) fn of(&self, kustomization: &str) -> Rendered {
        self.write(Path::new("k8s/overlays/of-a-test/kustomization.yaml"), kustomization);
        self.overlay("of-a-test")
    }

    /// Another overlay with these components more, and this at the end of it.
    pub(super) fn with(&self, overlay: &str, components: &[&str], more: &str) -> Rendered {
        let components = components.iter().map(|name| format!("  - ../../components/{name}\n")).collect::<String>();
        self.of(&format!("namespace: smsp\nresources:\n  - ../{overlay}\ncomponents:\n{components}{more}"))
    }
}

/// The names of all components.
pub(super) fn components() -> Vec<String> {
    let folders = fs::read_dir(root().join("k8s/components")).expect("k8s/components");
    let mut names: Vec<_> =
        folders.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Objects, as YAML.
pub(super) struct Rendered(pub String);

impl Rendered {
    pub(super) fn has(&self, words: &str) -> bool {
        self.0.contains(words)
    }

    /// The values behind this key, in order, without quotes.
    pub(super) fn values(&self, key: &str) -> Vec<&str> {
        let value = |line| str::trim_start(line).trim_start_matches("- ").strip_prefix(key)?.strip_prefix(": ");
        self.0.lines().filter_map(value).map(|value| value.trim_matches('"')).collect()
    }

    /// `kind/name` of each object.
    pub(super) fn names(&self) -> Vec<String> {
        self.objects().map(|object| object.name()).collect()
    }

    fn objects(&self) -> impl Iterator<Item = Self> {
        self.0.split("---\n").map(|text| Self(text.to_owned()))
    }

    fn name(&self) -> String {
        let first = |start: &str| self.0.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_default();
        format!("{}/{}", first("kind: "), first("  name: "))
    }

    /// The one object of this `kind/name`.
    pub(super) fn one(&self, name: &str) -> Self {
        let found: Vec<_> = self.objects().filter(|object| object.name() == name).collect();
        let count = found.len();
        let Ok([found]) = <[Self; 1]>::try_from(found) else { panic!("{count} of {name}: {:?}", self.names()) };
        found
    }
}
