//! A third party's stand-in for a provider, which knows what that wants better than we do: a tool that `scripts/check`
//! installs below `target/check-tools`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::process::Process;
use super::skip::skip;
use super::wait::eventually_within;

/// They are interpreted, and load a lot first, all at the same time.
const START: Duration = Duration::from_secs(90);

/// One running tool.
pub(crate) struct Oracle {
    process: Process,
    url: String,
}

impl Oracle {
    /// Starts a tool on a port of its own choice, which it says itself; none, and a counted skip, if it is not here.
    pub(crate) async fn start(tool: &str, args: &[&str]) -> Option<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/check-tools").join(tool);
        if !path.exists() {
            skip(&format!("{tool} is not here: scripts/check installs it"));
            return None;
        }
        let mut command = Command::new(path);
        command.args(args);
        let mut process = Process::start(command);
        let url = eventually_within(START, &format!("{tool} says where it listens"), async || {
            assert!(process.ended().is_none(), "ended before it listened\n{}", process.evidence());
            said(&process.evidence()).ok_or_else(|| process.evidence())
        })
        .await;
        Some(Self { process, url })
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// What it said so far.
    pub(crate) fn log(&self) -> String {
        self.process.evidence()
    }
}

/// `http://127.0.0.1:<port>`, from what it says.
fn said(evidence: &str) -> Option<String> {
    let after = ["http://127.0.0.1:", "http://localhost:"].iter().find_map(|start| evidence.split_once(start));
    let port: String = after?.1.chars().take_while(char::is_ascii_digit).collect();
    (!port.is_empty()).then(|| format!("http://127.0.0.1:{port}"))
}
