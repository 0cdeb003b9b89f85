//! A reader of the document, who types its blocks into a shell. Paths, the address of the admin listener and the time of a
//! release are those of the test.

use std::os::unix::fs::symlink;
use std::process::Command;

use tempfile::TempDir;

use super::place::Place;
use crate::harness::process::{Output, binary};
use crate::harness::sections::Section;
use crate::harness::wait::PATIENCE;
use crate::harness::{Process, Proxy, Settings};

const DOCUMENT: &str = "docs/how-to/back-up-and-restore.md";
/// Where Debian has the programs of this version.
const POSTGRES: &str = "/usr/lib/postgresql/15/bin";

pub(super) struct Reader {
    /// With our binary, and the backup.
    folder: TempDir,
    /// What stands in the document, and what is typed.
    replaced: Vec<(&'static str, String)>,
    environment: Vec<(&'static str, String)>,
}

impl Reader {
    pub(super) fn of(place: &Place) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        symlink(binary(), folder.path().join("smsp")).expect("a link");
        let folder_name = folder.path().display().to_string();
        let path = std::env::var("PATH").expect("a path");
        let mut environment = vec![("PATH", format!("{folder_name}:{POSTGRES}:{path}")), ("KEY", "none".to_owned())];
        let mut replaced = vec![("/var/backups", folder_name), ("\"over\": \"1h\"", "\"over\": \"1ms\"".to_owned())];
        match place {
            Place::Sqlite(directory) => replaced.push(("/var/lib/smsp", directory.path().display().to_string())),
            Place::Postgres(server, _) => {
                environment.push(("PGHOST", server.socket_folder().display().to_string()));
                environment.push(("PGUSER", "smsp".to_owned()));
            }
        }
        Self { folder, replaced, environment }
    }

    /// This node from now on.
    pub(super) fn asks(&mut self, node: &Proxy) {
        self.replaced.push(("http://localhost:9090", format!("http://{}", node.ops)));
    }

    /// Types a block of commands, with these settings in the environment. What it prints.
    pub(super) async fn types(&self, heading: &str, block: usize, settings: &Settings) -> String {
        let output = self.runs(heading, block, settings).await;
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{heading}: {output:?}");
        output.stdout
    }

    /// As [`Self::types`] does, whatever becomes of it.
    pub(super) async fn runs(&self, heading: &str, block: usize, settings: &Settings) -> Output {
        let blocks = Section::of(DOCUMENT, heading).blocks("sh");
        let commands = blocks.get(block).unwrap_or_else(|| panic!("{heading} has no block {block}"));
        let commands = self.replaced.iter().fold(commands.clone(), |all, (shown, typed)| all.replace(shown, typed));
        // What an earlier block has set, the next ones use.
        let kept = self.folder.path().join("variables").display().to_string();
        let script = format!("[ ! -e {kept} ] || . {kept}\n{commands}\necho \"BACKUP=${{BACKUP-}}\" >{kept}\n");
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", &script]).env_clear().envs(settings.pairs());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        Process::start(command).output(PATIENCE).await
    }

    /// Demands that what was printed has a line for each one that the document shows, and in its order. Numbers and places
    /// differ.
    pub(super) fn shows(&self, heading: &str, block: usize, printed: &str) {
        let blocks = Section::of(DOCUMENT, heading).blocks("text");
        let name = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
        let mut rest = printed.lines().map(name);
        for line in blocks[block].lines() {
            assert!(rest.any(|printed| printed == name(line)), "{heading} shows {line}, and not\n{printed}");
        }
    }
}
