//! The languages of the examples: what each needs on this machine, and how its client is started.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use crate::harness::process::Output;
use crate::harness::repository::root;
use crate::harness::settings::API_KEY;
use crate::harness::{Process, tool};

/// Some are interpreted, and every test starts some at the same time.
const START: Duration = Duration::from_secs(90);

/// Programs with their Debian packages.
type Needs = &'static [(&'static str, &'static str)];

/// Each example, the program that runs it, and what that needs; none, where it is compiled first.
const LANGUAGES: [(&str, Option<&str>, Needs); 4] = [
    ("send.sh", Some("bash"), &[("curl", "curl"), ("jq", "jq")]),
    ("send.py", Some("python3"), &[("python3", "python3")]),
    ("send.mjs", Some("node"), &[("node", "nodejs")]),
    ("send.go", None, &[("go", "golang-go")]),
];

/// An example that can be run.
pub(super) struct Example {
    pub(super) file: &'static str,
    words: Vec<PathBuf>,
}

impl Example {
    /// Sends the message of this file, with these further variables.
    pub(super) async fn send(&self, url: &str, message: &Path, variables: &[(&str, &str)]) -> Output {
        self.run("exec \"$@\"", url, message, variables).await
    }

    /// Sends it with a stdout that takes nothing.
    pub(super) async fn send_unheard(&self, url: &str, message: &Path) -> Output {
        self.run("exec \"$@\" >/dev/full", url, message, &[]).await
    }

    async fn run(&self, start: &str, url: &str, message: &Path, variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new("sh");
        command.args(["-c", start, "sh"]).args(&self.words).arg(message);
        command.env("SMSP_URL", url).env("SMSP_API_KEY", API_KEY).env("no_proxy", "127.0.0.1");
        command.envs(variables.iter().copied());
        Process::start(command).output(START).await
    }

    pub(super) fn text(&self) -> String {
        crate::harness::repository::read(&path(self.file))
    }
}

/// Those whose tools are here; each other one is a counted skip.
pub(super) fn examples() -> &'static [Example] {
    static EXAMPLES: OnceLock<Vec<Example>> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        let here =
            LANGUAGES.iter().filter(|(_, _, needs)| needs.iter().all(|(name, package)| tool::is_here(name, package)));
        here.map(|(file, program, _)| {
            let words = program.map_or_else(|| vec![compiled(file)], |program| vec![program.into(), path(file)]);
            Example { file, words }
        })
        .collect()
    })
}

/// In the folder of the examples.
pub(super) fn path(file: &str) -> PathBuf {
    root().join("openapi/examples").join(file)
}

/// Compiles it, once in a run of the tests, with nothing but what is on this machine.
fn compiled(file: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("client_examples");
    let program = folder.join(file.replace('.', "-"));
    let mut go = Command::new("go");
    go.args(["build", "-o"]).arg(&program).arg(path(file)).current_dir(root());
    go.env("GOCACHE", folder.join("cache")).env("GOPATH", folder.join("path"));
    go.env("GOFLAGS", "").env("GOPROXY", "off").env("GOTOOLCHAIN", "local").env("GO111MODULE", "off");
    let output = go.output().expect("go starts");
    assert!(output.status.success(), "{go:?}: {}", String::from_utf8_lossy(&output.stderr));
    program
}
