//! Programs that a test starts and that do not run as root: who they run as, and how they are stopped.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tokio::time::Instant;

/// `nobody` and `nogroup` of Debian: PostgreSQL and PgBouncer do not run as root.
const NOBODY: u32 = 65534;
/// Longer than a process stays in the kernel.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program as nobody, if we are root; it takes the place of what drops the privileges, so it has the same number.
pub(crate) fn unprivileged(program: &str) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={NOBODY}")).arg(format!("--regid={NOBODY}")).args(["--clear-groups", program]);
    command
}

/// Sends a signal to them. Some may have ended by now.
pub(crate) fn signal(signal: &str, processes: &[u32]) {
    let processes = processes.iter().map(u32::to_string);
    Command::new("kill").arg(signal).args(processes).stderr(Stdio::null()).status().expect("kill can be started");
}

/// Stops them, and waits until they stand still, which a process in the kernel does a little later.
pub(crate) fn stop(processes: &[u32]) {
    signal("-STOP", processes);
    let deadline = Instant::now() + PATIENCE;
    let runs = |process: &u32| state(*process).is_some_and(|[state, _]| !["T", "Z", "X"].contains(&&*state));
    while processes.iter().any(runs) {
        assert!(Instant::now() < deadline, "some of {processes:?} do not stop");
        sleep(Duration::from_millis(1));
    }
}

/// What it has started.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("a system with /proc").flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|number| state(*number).is_some_and(|[_, of]| of == parent.to_string())).collect()
}

/// What it does, by its letter, and its parent: the third and fourth word of `stat`; the name before them may have spaces.
fn state(process: u32) -> Option<[String; 2]> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut words = stat.rsplit_once(')')?.1.split_whitespace();
    Some([words.next()?.to_owned(), words.next()?.to_owned()])
}

/// Makes the user that such a program runs as the owner of a file or folder.
pub(crate) fn give_away(folder: &Path) {
    if is_root() {
        chown(folder, Some(NOBODY), Some(NOBODY)).expect("root may give a folder away");
    }
}

pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").expect("a system with /proc").uid() == 0
}
