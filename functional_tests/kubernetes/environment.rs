//! The environment of the pod of an overlay: what is rendered, and what the heads of the files tell to put into Secrets.

use std::fs;

use tempfile::TempDir;

use super::manifests::Rendered;
use crate::harness::Settings;
use crate::harness::repository::{read, root};

/// Where the pods have their keys.
const MOUNT: &str = "/keys/";

/// The variables of the pod, and a folder that stands in for what is mounted into it.
pub(super) struct Environment {
    pub settings: Settings,
    _keys: TempDir,
}

impl Environment {
    pub(super) fn of(overlay: &str, rendered: &Rendered) -> Self {
        let keys = TempDir::new().expect("a temporary folder can be made");
        let secrets = secrets(overlay);
        let settings = secrets.iter().fold(plain(rendered), |all, name| all.with(name, secret(name)));
        let mounted: Vec<_> = settings.pairs().filter_map(|(name, value)| mounted(name, value)).collect();
        let settings = mounted.iter().fold(settings, |all, (name, file)| {
            let path = keys.path().join(file);
            fs::write(&path, content(file)).expect("a temporary file can be written");
            all.with(name, &path.display().to_string())
        });
        Self { settings, _keys: keys }
    }
}

/// The file in the folder of keys that a variable names.
fn mounted(name: &str, value: &str) -> Option<(String, String)> {
    value.strip_prefix(MOUNT).map(|file| (name.to_owned(), file.to_owned()))
}

fn content(file: &str) -> &'static str {
    match file {
        "callers" => "shop:a-key-of-a-caller\n",
        "admins" => "ada:operator:a-key\n",
        _ => panic!("nothing tells what is in {file}"),
    }
}

/// Variables with the values that are rendered.
fn plain(rendered: &Rendered) -> Settings {
    let mut settings = Settings::empty();
    let mut name = "";
    let is_ours = |name: &str| name.starts_with("SMSP_") || name.starts_with("OTEL_");
    for line in rendered.0.lines().map(str::trim_start) {
        let line = line.trim_start_matches("- ");
        match line.split_once(": ") {
            Some(("name", variable)) => name = variable,
            Some(("value", value)) if is_ours(name) => settings = settings.with(name, value.trim_matches('"')),
            Some((name, value)) if is_ours(name) => settings = settings.with(name, value.trim_matches('"')),
            _ => {}
        }
    }
    settings
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
        "SMSP_STORE" => "postgres://smsp:PASSWORD@db.example.org/smsp",
        "SMSP_STORE_KEY" => "2026a:4242424242424242424242424242424242424242424242424242424242424242",
        "SMSP_POLL_MESSAGE_ADDRESS" => "probes@example.org",
        _ => "value.example.org",
    }
}
