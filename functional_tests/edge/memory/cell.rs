//! A memory cgroup of the test's own, of version 1 or 2: who needs more than it has is killed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Process, Settings, skip};

/// Where it is, the file of its limit, and the file that counts kills, in either version.
const VERSIONS: [(&str, &str, &str); 2] = [
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.oom_control"),
    ("/sys/fs/cgroup", "memory.max", "memory.events"),
];

/// One cgroup.
pub(super) struct Cell {
    dir: PathBuf,
    kills: &'static str,
}

impl Cell {
    /// None, and a counted skip, if this machine lets us have none.
    pub(super) fn new(limit: usize) -> Option<Self> {
        let name = format!("smsp-test-{}-{limit}", std::process::id());
        for (root, most, kills) in VERSIONS {
            let cell = Self { dir: Path::new(root).join(&name), kills };
            if fs::create_dir(&cell.dir).is_ok() && fs::write(cell.dir.join(most), limit.to_string()).is_ok() {
                return Some(cell);
            }
        }
        skip("this machine gives us no memory cgroup");
        None
    }

    /// Our binary in it, from its first byte.
    pub(super) fn smsp(&self, settings: &Settings) -> Process {
        let enter = "echo $$ >\"$0/cgroup.procs\" && exec \"$@\"";
        Process::smsp_behind(&["/bin/sh", "-c", enter, &self.dir.display().to_string()], &["serve"], settings)
    }

    /// How many processes in it were killed for what they needed.
    pub(super) fn kills(&self) -> u64 {
        let text = fs::read_to_string(self.dir.join(self.kills)).expect("a cgroup has its files");
        let count = text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.parse().ok());
        count.unwrap_or_else(|| panic!("no oom_kill in {text}"))
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        // One that was never made is not there; one with a process in it stays, and the process shows.
        let _ = fs::remove_dir(&self.dir);
    }
}
